package org.byol4j.cli.demo;

import java.util.random.RandomGenerator;
import org.byol4j.image.Image;

/** A colour with a gradient of light across the image. */
final class Paint {
  private static final double SLOPE = 0.3;

  private final double[] colour;
  private final double slopeX;
  private final double slopeY;

  /**
   * A colour, and a light that is drawn.
   *
   * @param hue in turns, any number
   * @param saturation in [0,1]
   * @param value the largest channel, in [0,1]
   */
  Paint(double hue, double saturation, double value, RandomGenerator light) {
    this.colour = new double[] {channel(hue, 5), channel(hue, 3), channel(hue, 1)};
    for (int channel = 0; channel < Image.CHANNELS; channel++) {
      colour[channel] = value * (1 - saturation * colour[channel]);
    }
    this.slopeX = light.nextDouble(-SLOPE, SLOPE);
    this.slopeY = light.nextDouble(-SLOPE, SLOPE);
  }

  /** A channel's value, about 0 to 1, at a point of the image, whose sides go from -1 to 1. */
  double at(double x, double y, int channel) {
    return colour[channel] + slopeX * x + slopeY * y;
  }

  /** How much of its saturation a channel takes away, 0 to 1 (Smith 1978, HSV hexcone). */
  private static double channel(double hue, int offset) {
    double sixths = (offset + 6 * (hue - Math.floor(hue))) % 6;
    return Math.min(1, Math.max(0, Math.min(sixths, 4 - sixths)));
  }
}
