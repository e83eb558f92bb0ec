package org.byol4j.augment;

/**
 * The inner loops of resizing and blurring, over lines of floats.
 *
 * <p>Each line is an array of its own and each loop runs over one index, because that is what the
 * JIT compiler of Java 17 turns into vector instructions: several offsets into one array, or more
 * than four terms at once, measured 4 to 15 times slower.
 */
final class Lines {
  private Lines() {}

  /**
   * {@code to[i] = sum over t of weights[firstWeight + t] * from[first + t][i]}.
   *
   * @param taps how many lines are summed, at least 1
   * @param length how many values of each line
   */
  static void sum(
      float[][] from,
      int first,
      float[] weights,
      int firstWeight,
      int taps,
      float[] to,
      int length) {
    int t = 0;
    if (taps >= 4) {
      set4(from, first, weights, firstWeight, to, length);
      t = 4;
    } else {
      set1(from[first], weights[firstWeight], to, length);
      t = 1;
    }
    for (; t + 4 <= taps; t += 4) {
      add4(from, first + t, weights, firstWeight + t, to, length);
    }
    if (t + 2 <= taps) {
      add2(from, first + t, weights, firstWeight + t, to, length);
      t += 2;
    }
    if (t < taps) {
      add1(from[first + t], weights[firstWeight + t], to, length);
    }
  }

  /**
   * Exchanges rows and columns: {@code to[i][first + j] = from[j][i * step + start]} for {@code i <
   * length}, {@code j < count}. Eight rows at a time, so that writes fill cache lines.
   */
  static void turn(
      float[][] from, int start, int step, float[][] to, int first, int length, int count) {
    int j = 0;
    for (; j + 8 <= count; j += 8) {
      turn8(from, j, start, step, to, first + j, length);
    }
    for (; j < count; j++) {
      float[] row = from[j];
      for (int i = 0; i < length; i++) {
        to[i][first + j] = row[i * step + start];
      }
    }
  }

  /** Clips to [0,1]. */
  static void clip(float[] line, int length) {
    for (int i = 0; i < length; i++) {
      line[i] = Math.min(1f, Math.max(0f, line[i]));
    }
  }

  private static void set4(
      float[][] from, int first, float[] weights, int weight, float[] to, int length) {
    float[] a = from[first];
    float[] b = from[first + 1];
    float[] c = from[first + 2];
    float[] d = from[first + 3];
    float wa = weights[weight];
    float wb = weights[weight + 1];
    float wc = weights[weight + 2];
    float wd = weights[weight + 3];
    for (int i = 0; i < length; i++) {
      to[i] = (wa * a[i] + wb * b[i]) + (wc * c[i] + wd * d[i]);
    }
  }

  private static void add4(
      float[][] from, int first, float[] weights, int weight, float[] to, int length) {
    float[] a = from[first];
    float[] b = from[first + 1];
    float[] c = from[first + 2];
    float[] d = from[first + 3];
    float wa = weights[weight];
    float wb = weights[weight + 1];
    float wc = weights[weight + 2];
    float wd = weights[weight + 3];
    for (int i = 0; i < length; i++) {
      to[i] += (wa * a[i] + wb * b[i]) + (wc * c[i] + wd * d[i]);
    }
  }

  private static void add2(
      float[][] from, int first, float[] weights, int weight, float[] to, int length) {
    float[] a = from[first];
    float[] b = from[first + 1];
    float wa = weights[weight];
    float wb = weights[weight + 1];
    for (int i = 0; i < length; i++) {
      to[i] += wa * a[i] + wb * b[i];
    }
  }

  private static void set1(float[] a, float wa, float[] to, int length) {
    for (int i = 0; i < length; i++) {
      to[i] = wa * a[i];
    }
  }

  private static void add1(float[] a, float wa, float[] to, int length) {
    for (int i = 0; i < length; i++) {
      to[i] += wa * a[i];
    }
  }

  private static void turn8(
      float[][] from, int j, int start, int step, float[][] to, int first, int length) {
    float[] a = from[j];
    float[] b = from[j + 1];
    float[] c = from[j + 2];
    float[] d = from[j + 3];
    float[] e = from[j + 4];
    float[] f = from[j + 5];
    float[] g = from[j + 6];
    float[] h = from[j + 7];
    for (int i = 0, at = start; i < length; i++, at += step) {
      float[] line = to[i];
      line[first] = a[at];
      line[first + 1] = b[at];
      line[first + 2] = c[at];
      line[first + 3] = d[at];
      line[first + 4] = e[at];
      line[first + 5] = f[at];
      line[first + 6] = g[at];
      line[first + 7] = h[at];
    }
  }
}
