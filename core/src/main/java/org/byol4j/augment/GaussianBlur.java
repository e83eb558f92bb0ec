package org.byol4j.augment;

import org.byol4j.augment.AugmentSettings.Style;

/**
 * A Gaussian of {@code 2 * radius + 1} taps, {@code radius = int(size / 10 / 2)}, scaled to sum 1
 * ({@code _gaussian_blur_single_image} in DeepMind's byol/utils/augmentations.py), applied across
 * the lines of square planes. Beyond the border lie zeros (deepmind) or the mirror image without
 * the border line (torchvision).
 */
final class GaussianBlur {
  /** Taps below this change no float in [0,1] and are left out. */
  private static final float NEGLIGIBLE = 1e-9f;

  private final int size;
  private final int radius;
  private final boolean reflect;
  private final float[] kernel;
  private final float[] zeros;

  /** The lines of a plane between those that lie beyond its border. */
  private final float[][] padded;

  /** How many taps at either end are left out. */
  private int skipped;

  /**
   * @param size height and width of the planes, in pixels
   */
  GaussianBlur(int size, Style style) {
    this.size = size;
    this.radius = radius(size);
    this.reflect = style == Style.TORCHVISION;
    this.kernel = new float[2 * radius + 1];
    this.zeros = new float[size];
    this.padded = new float[size + 2 * radius][];
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
   * Chooses the standard deviation.
   *
   * @param sigma in pixels, above 0
   */
  void set(double sigma) {
    kernel(sigma, kernel);
    skipped = 0;
    while (skipped < radius && kernel[skipped] < NEGLIGIBLE) {
      skipped++;
    }
  }

  /** Makes each line of {@code to} the weighted sum of the lines around it in {@code from}. */
  void across(float[][] from, float[][] to) {
    pad(from);
    int taps = kernel.length - 2 * skipped;
    for (int i = 0; i < size; i++) {
      Lines.sum(padded, i + skipped, kernel, skipped, taps, to[i], size);
    }
  }

  private void pad(float[][] lines) {
    System.arraycopy(lines, 0, padded, radius, size);
    for (int i = 1; i <= radius; i++) {
      padded[radius - i] = reflect ? lines[i] : zeros;
      padded[radius + size - 1 + i] = reflect ? lines[size - 1 - i] : zeros;
    }
  }
}
