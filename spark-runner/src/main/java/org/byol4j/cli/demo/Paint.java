package org.byol4j.cli.demo;

import org.byol4j.image.Image;

/** A colour. */
final class Paint {
  private final double[] channels;

  /**
   * A colour by hue, saturation and value (Smith 1978, HSV hexcone).
   *
   * @param hue in turns, any number
   * @param saturation in [0,1]
   * @param value the largest channel, in [0,1]
   */
  Paint(double hue, double saturation, double value) {
    this.channels = new double[] {lost(hue, 5), lost(hue, 3), lost(hue, 1)};
    for (int channel = 0; channel < Image.CHANNELS; channel++) {
      channels[channel] = value * (1 - saturation * channels[channel]);
    }
  }

  /** A channel's value, 0 to 1. */
  double channel(int channel) {
    return channels[channel];
  }

  /** How much of its saturation a channel takes away, 0 to 1. */
  private static double lost(double hue, int offset) {
    double sixths = (offset + 6 * (hue - Math.floor(hue))) % 6;
    return Math.min(1, Math.max(0, Math.min(sixths, 4 - sixths)));
  }
}
