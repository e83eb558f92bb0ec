package org.byol4j.augment;

import org.byol4j.augment.AugmentSettings.Style;

/**
 * The colour operations on three planes, each clipped to [0,1] and in place. What DeepMind's and
 * torchvision's formulas share is written once.
 *
 * <p>Loops are free of branches, so that the JIT compiler turns them into vector instructions.
 */
final class ColourJitter {
  private static final float RED = 0.2989f;
  private static final float GREEN = 0.5870f;
  private static final float BLUE = 0.1140f;

  private final Style style;
  private final float[] gray;

  /**
   * @param pixels the length of a plane
   */
  ColourJitter(Style style, int pixels) {
    this.style = style;
    this.gray = new float[pixels];
  }

  /** Runs the four operations in their order. */
  void apply(Jitter jitter, float[][] planes) {
    for (int place = 0; place < Jitter.OPERATIONS; place++) {
      switch (jitter.operation(place)) {
        case BRIGHTNESS -> brightness(planes, (float) jitter.brightness());
        case CONTRAST -> contrast(planes, (float) jitter.contrast());
        case SATURATION -> saturation(planes, (float) jitter.saturation());
        case HUE -> hue(planes, (float) jitter.hue());
      }
    }
  }

  /** Replaces all channels by {@code .2989 r + .5870 g + .1140 b}. */
  void grayscale(float[][] planes) {
    gray(planes[0], planes[1], planes[2], gray);
    for (float[] plane : planes) {
      System.arraycopy(gray, 0, plane, 0, plane.length);
    }
  }

  /** deepmind: {@code x + amount}; torchvision: {@code x * amount}. */
  void brightness(float[][] planes, float amount) {
    float factor = style == Style.DEEPMIND ? 1 : amount;
    float shift = style == Style.DEEPMIND ? amount : 0;
    for (float[] plane : planes) {
      scale(plane, factor, shift);
    }
  }

  /**
   * {@code factor * (x - mean) + mean}, with each channel's own mean (deepmind) or the gray image's
   * (torchvision).
   */
  void contrast(float[][] planes, float factor) {
    double red = mean(planes[0]);
    double green = mean(planes[1]);
    double blue = mean(planes[2]);
    if (style == Style.TORCHVISION) {
      double mean = RED * red + GREEN * green + BLUE * blue;
      red = mean;
      green = mean;
      blue = mean;
    }
    scale(planes[0], factor, (float) (red * (1 - factor)));
    scale(planes[1], factor, (float) (green * (1 - factor)));
    scale(planes[2], factor, (float) (blue * (1 - factor)));
  }

  /**
   * deepmind: multiplies the saturation of HSV, at most 1; torchvision: {@code factor * x + (1 -
   * factor) * gray}.
   */
  void saturation(float[][] planes, float factor) {
    if (style == Style.DEEPMIND) {
      hsvSaturation(planes[0], planes[1], planes[2], factor);
      return;
    }
    gray(planes[0], planes[1], planes[2], gray);
    for (float[] plane : planes) {
      blend(plane, gray, factor);
    }
  }

  /** Turns the hue of HSV by a share of the colour circle, -0.5 to 0.5. */
  void hue(float[][] planes, float turn) {
    turnHue(planes[0], planes[1], planes[2], 6 * turn);
  }

  private static void scale(float[] plane, float factor, float shift) {
    for (int i = 0; i < plane.length; i++) {
      plane[i] = Math.min(1f, Math.max(0f, plane[i] * factor + shift));
    }
  }

  private static void blend(float[] plane, float[] gray, float factor) {
    float rest = 1 - factor;
    for (int i = 0; i < plane.length; i++) {
      plane[i] = Math.min(1f, Math.max(0f, plane[i] * factor + gray[i] * rest));
    }
  }

  private static void gray(float[] red, float[] green, float[] blue, float[] gray) {
    for (int i = 0; i < gray.length; i++) {
      gray[i] = RED * red[i] + GREEN * green[i] + BLUE * blue[i];
    }
  }

  private static double mean(float[] plane) {
    double sum = 0;
    for (float value : plane) {
      sum += value;
    }
    return sum / plane.length;
  }

  /**
   * With V the largest and m the smallest channel, HSV's saturation is (V - m) / V and a channel is
   * V - S V f with f in [0,1] given by the hue; so a factor on S scales each channel's distance
   * from V, and S at most 1 limits the factor to V / (V - m).
   */
  private static void hsvSaturation(float[] red, float[] green, float[] blue, float factor) {
    for (int i = 0; i < red.length; i++) {
      float r = red[i];
      float g = green[i];
      float b = blue[i];
      float value = Math.max(r, Math.max(g, b));
      float range = value - Math.min(r, Math.min(g, b));
      float scaled = Math.min(factor, value / Math.max(range, Float.MIN_NORMAL));
      red[i] = value - (value - r) * scaled;
      green[i] = value - (value - g) * scaled;
      blue[i] = value - (value - b) * scaled;
    }
  }

  /**
   * With V the largest and m the smallest channel, C = V - m, and hue H in sixths of the circle,
   * the channel n (5 red, 3 green, 1 blue) is {@code V - C clip(2 - d, 0, 1)}, d being the distance
   * of (n + H) from 2 on the circle of 6. H itself is one of three straight pieces, chosen by which
   * channel is the smallest: green - red + C, blue - green + 3C or red - blue + 5C, over C and all
   * less m.
   */
  private static void turnHue(float[] red, float[] green, float[] blue, float turn) {
    for (int i = 0; i < red.length; i++) {
      float r = red[i];
      float g = green[i];
      float b = blue[i];
      float value = Math.max(r, Math.max(g, b));
      float low = Math.min(r, Math.min(g, b));
      float range = value - low;
      float hue;
      if (b == low) {
        hue = g - r + range;
      } else if (r == low) {
        hue = b - g + 3 * range;
      } else {
        hue = r - b + 5 * range;
      }
      float turned = hue / Math.max(range, Float.MIN_NORMAL) + turn;
      red[i] = value - range * share(turned + 5);
      green[i] = value - range * share(turned + 3);
      blue[i] = value - range * share(turned + 1);
    }
  }

  /** {@code clip(2 - d, 0, 1)}, d the distance from 2 on the circle of 6; for -4 to 14. */
  private static float share(float place) {
    float distance =
        Math.min(Math.abs(place - 2), Math.min(Math.abs(place - 8), Math.abs(place - 14)));
    return Math.max(0f, Math.min(1f, 2 - distance));
  }
}
