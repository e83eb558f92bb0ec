package org.byol4j.cli.demo;

import java.util.random.RandomGenerator;
import org.byol4j.image.Image;

/**
 * One drawn image: a motif at a random phase, size and tilt, in random hues, under uneven light and
 * noise. Only the motif tells the class. The two colours keep their lightness: hue, which is most
 * of what pixels differ in, goes away under the views' jitter, and lightness would stay.
 */
final class Drawing {
  private static final double INK_LUMA = 0.7;
  private static final double GROUND_LUMA = 0.35;

  private final Motif motif;
  private final RandomGenerator random;
  private final double phaseU;
  private final double phaseV;
  private final double period;
  private final double tilt;
  private final Paint ink;
  private final Paint ground;
  private final double noise;

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
    this.period = random.nextDouble(0.45, 0.75);
    this.tilt = random.nextDouble(-0.2, 0.2);
    this.ink = Paint.draw(INK_LUMA, random);
    this.ground = Paint.draw(GROUND_LUMA, random);
    this.noise = random.nextDouble(0.02, 0.05);
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
          double below = ground.at(x, y, channel);
          double value = below + coverage * (ink.at(x, y, channel) - below);
          value += noise * random.nextGaussian();
          rgb[at++] = (byte) Math.round(255 * Math.min(1, Math.max(0, value)));
        }
      }
    }
    return new Image(size, size, rgb);
  }
}
