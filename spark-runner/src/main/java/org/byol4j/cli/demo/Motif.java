package org.byol4j.cli.demo;

import java.util.Locale;

/**
 * What a drawn image is covered with: its class. Six shapes, repeated in a square grid, and four
 * textures, so that every crop shows the class. Each is given by a distance from a point to its
 * edge, negative inside, and each stays what it is in the mirror.
 */
enum Motif {
  DISC {
    @Override
    double distance(double u, double v) {
      return Math.hypot(cell(u), cell(v)) - 0.36;
    }
  },
  RING {
    @Override
    double distance(double u, double v) {
      return Math.abs(Math.hypot(cell(u), cell(v)) - 0.3) - 0.09;
    }
  },
  SQUARE {
    @Override
    double distance(double u, double v) {
      return Math.max(Math.abs(cell(u)), Math.abs(cell(v))) - 0.33;
    }
  },
  TRIANGLE {
    @Override
    double distance(double u, double v) {
      double slope = Math.sqrt(0.75) * Math.abs(cell(u)) + 0.5 * cell(v);
      return Math.max(slope, -cell(v)) - 0.23;
    }
  },
  CROSS {
    @Override
    double distance(double u, double v) {
      double longer = Math.max(Math.abs(cell(u)), Math.abs(cell(v)));
      double shorter = Math.min(Math.abs(cell(u)), Math.abs(cell(v)));
      return Math.max(longer - 0.42, shorter - 0.11);
    }
  },
  STAR {
    @Override
    double distance(double u, double v) {
      // turned about the centre so that the nearest tip is on the axis, and mirrored
      double fifths = Math.atan2(cell(u), cell(v)) / FIFTH;
      double angle = Math.abs(fifths - Math.rint(fifths)) * FIFTH;
      double radius = Math.hypot(cell(u), cell(v));
      double x = radius * Math.cos(angle) - TIP;
      double y = radius * Math.sin(angle);
      // the edge runs from the tip to the notch
      double run = TIP - NOTCH * Math.cos(FIFTH / 2);
      double rise = NOTCH * Math.sin(FIFTH / 2);
      return (x * rise + y * run) / Math.hypot(rise, run);
    }
  },
  STRIPES {
    @Override
    double distance(double u, double v) {
      return bar(u);
    }
  },
  BANDS {
    @Override
    double distance(double u, double v) {
      return bar(v);
    }
  },
  CHECKER {
    @Override
    double distance(double u, double v) {
      double nearest = Math.min(Math.abs(bar(u)), Math.abs(bar(v)));
      return bar(u) * bar(v) > 0 ? nearest : -nearest;
    }
  },
  WAVES {
    @Override
    double distance(double u, double v) {
      // the slope of the wave makes the bars thinner, on average by this factor
      return 0.75 * bar(u + 0.3 * Math.sin(2 * Math.PI * 0.6 * v));
    }
  };

  private static final double FIFTH = 2 * Math.PI / 5;
  private static final double TIP = 0.48;
  private static final double NOTCH = 0.2;

  /** How far {@code (u, v)} is from the edge, negative inside; the motif repeats with period 1. */
  abstract double distance(double u, double v);

  /** The name of its class folder. */
  String folder() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The coordinate within the cell of a grid, -0.5 to 0.5. */
  private static double cell(double x) {
    return x - Math.rint(x);
  }

  /** Distance to the edge of bars that are as wide as the gaps between them. */
  private static double bar(double x) {
    return Math.abs(cell(x)) - 0.25;
  }
}
