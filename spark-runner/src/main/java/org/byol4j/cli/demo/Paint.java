package org.byol4j.cli.demo;

import java.util.random.RandomGenerator;
import org.byol4j.image.Image;

/** A colour with a gradient of light across the image. */
final class Paint {
  private static final double LUMA_TOLERANCE = 0.06;
  private static final double SLOPE = 0.1;

  private final double[] colour;
  private final double[] slopeX = new double[Image.CHANNELS];
  private final double[] slopeY = new double[Image.CHANNELS];

  private Paint(double[] colour, RandomGenerator random) {
    this.colour = colour;
    double lightX = random.nextDouble(-SLOPE, SLOPE);
    double lightY = random.nextDouble(-SLOPE, SLOPE);
    for (int channel = 0; channel < Image.CHANNELS; channel++) {
      slopeX[channel] = lightX + random.nextDouble(-SLOPE / 2, SLOPE / 2);
      slopeY[channel] = lightY + random.nextDouble(-SLOPE / 2, SLOPE / 2);
    }
  }

  /** Any colour of about this luma (ITU-R BT.601). */
  static Paint draw(double luma, RandomGenerator random) {
    double[] colour = new double[Image.CHANNELS];
    double drawn;
    do {
      for (int channel = 0; channel < Image.CHANNELS; channel++) {
        colour[channel] = random.nextDouble();
      }
      drawn = 0.2989 * colour[0] + 0.5870 * colour[1] + 0.1140 * colour[2];
    } while (Math.abs(drawn - luma) > LUMA_TOLERANCE);
    return new Paint(colour, random);
  }

  /** A channel's value, about 0 to 1, at a point of the image, whose sides go from -1 to 1. */
  double at(double x, double y, int channel) {
    return colour[channel] + slopeX[channel] * x + slopeY[channel] * y;
  }
}
