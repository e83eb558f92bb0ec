package org.byol4j.cli.demo;

import java.util.random.RandomGenerator;
import org.byol4j.image.Image;

/**
 * One drawn image: a motif at a random phase, size and tilt, in a random hue before its complement,
 * under noise. Only the motif tells the class, and only the motif lasts from view to view: a turn
 * of the hue makes any image's colours those of any other, and the views' jitter turns it. Uneven
 * light would last, too; networks then learn the light and leave the motif (docs/results.md).
 */
final class Drawing {
  private static final double NOISE = 0.1;

  private final Motif motif;
  private final RandomGenerator random;
  private final double phaseU;
  private final double phaseV;
  private final double period;
  private final double tilt;
  private final Paint ink;
  private final Paint ground;

  /**
   * Draws the lots of an image.
   *
   * @param random not shared; {@link #render} goes on with it
   */
  Drawing(Motif motif, RandomGenerator random) {
    this.motif = motif;
    this.random = random;
    this.phaseU = random.nextDouble();
    this.phaseV = random.nextDouble();
    this.period = random.nextDouble(0.45, 0.9);
    this.tilt = random.nextDouble(-0.24, 0.24);
    double hue = random.nextDouble();
    this.ink = new Paint(hue + 0.5, 0.6, 0.95);
    this.ground = new Paint(hue, 0.8, 0.5);
  }

  /**
   * The image, {@code size x size}; its sides go from -1 to 1 in the motif's plane. Called once.
   */
  Image render(int size) {
    byte[] rgb = new byte[size * size * Image.CHANNELS];
    double pixel = 2.0 / size;
    double cosine = Math.cos(tilt) / period;
    double sine = Math.sin(tilt) / period;
    int at = 0;
    for (int row = 0; row < size; row++) {
      double y = (row + 0.5) * pixel - 1;
      for (int column = 0; column < size; column++) {
        double x = (column + 0.5) * pixel - 1;
        double u = cosine * x + sine * y + phaseU;
        double v = cosine * y - sine * x + phaseV;
        double edge = motif.distance(u, v) * period / pixel;
        double coverage = Math.min(1, Math.max(0, 0.5 - edge));
        for (int channel = 0; channel < Image.CHANNELS; channel++) {
          double below = ground.channel(channel);
          double value = below + coverage * (ink.channel(channel) - below);
          value += NOISE * random.nextGaussian();
          rgb[at++] = (byte) Math.round(255 * Math.min(1, Math.max(0, value)));
        }
      }
    }
    return new Image(size, size, rgb);
  }
}
