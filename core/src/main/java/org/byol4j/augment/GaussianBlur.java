package org.byol4j.augment;

import java.util.Arrays;
import org.byol4j.augment.AugmentSettings.Style;

/**
 * Blurs square planes with a separable Gaussian of {@code 2 * radius + 1} taps, {@code radius =
 * int(size / 10 / 2)}, scaled to sum 1 ({@code _gaussian_blur_single_image} in DeepMind's
 * byol/utils/augmentations.py). Beyond the border lie zeros (deepmind) or the mirror image without
 * the border pixel (torchvision).
 */
final class GaussianBlur {
  /** Taps below this change no float in [0,1] and are left out. */
  private static final float NEGLIGIBLE = 1e-9f;

  private final int size;
  private final int radius;
  private final boolean reflect;
  private final float[] kernel;
  private final float[] line;
  private final float[] padded;

  /**
   * @param size height and width of the planes, in pixels
   */
  GaussianBlur(int size, Style style) {
    this.size = size;
    this.radius = radius(size);
    this.reflect = style == Style.TORCHVISION;
    this.kernel = new float[2 * radius + 1];
    this.line = new float[size + 2 * radius];
    this.padded = new float[(size + 2 * radius) * size];
  }

  /** The kernel's taps on either side of its centre, for planes of this size. */
  static int radius(int size) {
    return (int) (size / 10.0 / 2);
  }

  /** The kernel's taps: {@code exp(-x^2 / (2 sigma^2))} for x of -radius to radius, sum 1. */
  static void kernel(double sigma, float[] taps) {
    int radius = taps.length / 2;
    double sum = 0;
    for (int x = -radius; x <= radius; x++) {
      sum += Math.exp(-x * x / (2 * sigma * sigma));
    }
    for (int x = -radius; x <= radius; x++) {
      taps[x + radius] = (float) (Math.exp(-x * x / (2 * sigma * sigma)) / sum);
    }
  }

  /**
   * Blurs each plane in place.
   *
   * @param sigma the standard deviation, in pixels, above 0
   */
  void blur(float[][] planes, double sigma) {
    kernel(sigma, kernel);
    int skip = 0;
    while (skip < radius && kernel[skip] < NEGLIGIBLE) {
      skip++;
    }
    int taps = kernel.length - 2 * skip;
    if (taps == 1) {
      return;
    }
    for (float[] plane : planes) {
      for (int i = 0; i < size; i++) {
        padLine(plane, i * size);
        Taps.sum(line, skip, 1, kernel, skip, taps, padded, (radius + i) * size, size, false);
      }
      padLines();
      for (int i = 0; i < size; i++) {
        Taps.sum(padded, (i + skip) * size, size, kernel, skip, taps, plane, i * size, size, false);
      }
    }
  }

  private void padLine(float[] plane, int at) {
    System.arraycopy(plane, at, line, radius, size);
    if (!reflect) {
      return; // both ends are zeros from the beginning
    }
    for (int i = 1; i <= radius; i++) {
      line[radius - i] = line[radius + i];
      line[radius + size - 1 + i] = line[radius + size - 1 - i];
    }
  }

  private void padLines() {
    if (!reflect) {
      Arrays.fill(padded, 0, radius * size, 0);
      Arrays.fill(padded, (radius + size) * size, padded.length, 0);
      return;
    }
    for (int i = 1; i <= radius; i++) {
      int last = radius + size - 1;
      System.arraycopy(padded, (radius + i) * size, padded, (radius - i) * size, size);
      System.arraycopy(padded, (last - i) * size, padded, (last + i) * size, size);
    }
  }
}
