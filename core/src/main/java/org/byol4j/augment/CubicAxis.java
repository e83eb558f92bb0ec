package org.byol4j.augment;

/**
 * One axis of a bicubic resize: which source pixels each target pixel is the weighted sum of. The
 * kernel is Keys's with a = -0.5 (Keys 1981, eq. 4), pixel centres lie at halves, taps outside the
 * source get no weight and the rest is scaled to sum 1: as TensorFlow's {@code resize_bicubic} with
 * half-pixel centres and PIL's {@code BICUBIC} do. Its memory is reused by each {@link #set}.
 */
final class CubicAxis {
  private static final double A = -0.5;

  /** Half the width of the kernel at scale 1, in source pixels. */
  private static final double SUPPORT = 2;

  private int[] first = new int[0];
  private int[] taps = new int[0];
  private float[] weights = new float[0];
  private double[] row = new double[0];
  private int maxTaps;

  /**
   * Sets the axis up for {@code count} target pixels, {@code from} on, of a line of {@code source}
   * pixels that is resized to {@code target} pixels.
   *
   * @param antialias whether the kernel is widened by the scale when the line gets shorter
   * @param mirrored whether target pixels run backwards
   * @param gain what every weight is multiplied by
   */
  void set(
      int source,
      int target,
      int from,
      int count,
      boolean antialias,
      boolean mirrored,
      double gain) {
    double scale = (double) source / target;
    double stretch = antialias ? Math.max(1, scale) : 1;
    double support = SUPPORT * stretch;
    maxTaps = Math.min(source, 2 * (int) Math.ceil(support) + 1);
    reserve(count);
    for (int i = 0; i < count; i++) {
      double centre = (from + i + 0.5) * scale;
      int begin = Math.max(0, (int) (centre - support + 0.5));
      int end = Math.min(source, (int) (centre + support + 0.5));
      double sum = 0;
      for (int x = begin; x < end; x++) {
        row[x - begin] = kernel((x + 0.5 - centre) / stretch);
        sum += row[x - begin];
      }
      int at = mirrored ? count - 1 - i : i;
      first[at] = begin;
      taps[at] = end - begin;
      for (int t = 0; t < end - begin; t++) {
        weights[at * maxTaps + t] = (float) (row[t] * gain / sum);
      }
    }
  }

  /** The first source pixel of a target pixel. */
  int first(int i) {
    return first[i];
  }

  /** How many source pixels from the first on make up a target pixel. */
  int taps(int i) {
    return taps[i];
  }

  /** Where a target pixel's weights start in {@link #weights}. */
  int offset(int i) {
    return i * maxTaps;
  }

  /** All weights, valid until the next {@link #set}. */
  float[] weights() {
    return weights;
  }

  /** The most taps of any target pixel. */
  int maxTaps() {
    return maxTaps;
  }

  private void reserve(int count) {
    if (first.length < count) {
      first = new int[count];
      taps = new int[count];
    }
    if (weights.length < count * maxTaps) {
      weights = new float[count * maxTaps];
    }
    if (row.length < maxTaps) {
      row = new double[maxTaps];
    }
  }

  private static double kernel(double distance) {
    double x = Math.abs(distance);
    if (x < 1) {
      return ((A + 2) * x - (A + 3)) * x * x + 1;
    }
    if (x < 2) {
      return (((x - 5) * x + 8) * x - 4) * A;
    }
    return 0;
  }
}
