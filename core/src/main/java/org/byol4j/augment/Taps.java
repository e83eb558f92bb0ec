package org.byol4j.augment;

/**
 * The one inner loop of resizing and blurring: a weighted sum of equally long runs of floats. Each
 * loop here is of a shape that the JIT compiler turns into vector instructions.
 */
final class Taps {
  private Taps() {}

  /**
   * {@code to[i] = sum over t of weights[firstWeight + t] * from[offset + t * stride + i]} for
   * {@code i < length}; added to what is there if {@code add}.
   */
  static void sum(
      float[] from,
      int offset,
      int stride,
      float[] weights,
      int firstWeight,
      int taps,
      float[] to,
      int toOffset,
      int length,
      boolean add) {
    int tap = 0;
    if (!add) {
      int first = Math.min(taps, 4);
      start(from, offset, stride, weights, firstWeight, first, to, toOffset, length);
      tap = first;
    }
    for (; tap + 4 <= taps; tap += 4) {
      int at = offset + tap * stride;
      int w = firstWeight + tap;
      add4(
          from,
          at,
          at + stride,
          at + 2 * stride,
          at + 3 * stride,
          weights[w],
          weights[w + 1],
          weights[w + 2],
          weights[w + 3],
          to,
          toOffset,
          length);
    }
    for (; tap + 2 <= taps; tap += 2) {
      int at = offset + tap * stride;
      int w = firstWeight + tap;
      add2(from, at, at + stride, weights[w], weights[w + 1], to, toOffset, length);
    }
    if (tap < taps) {
      add1(from, offset + tap * stride, weights[firstWeight + tap], to, toOffset, length);
    }
  }

  private static void start(
      float[] from,
      int offset,
      int stride,
      float[] weights,
      int w,
      int taps,
      float[] to,
      int toOffset,
      int length) {
    switch (taps) {
      case 4 ->
          set4(
              from,
              offset,
              offset + stride,
              offset + 2 * stride,
              offset + 3 * stride,
              weights[w],
              weights[w + 1],
              weights[w + 2],
              weights[w + 3],
              to,
              toOffset,
              length);
      case 3 -> {
        set2(from, offset, offset + stride, weights[w], weights[w + 1], to, toOffset, length);
        add1(from, offset + 2 * stride, weights[w + 2], to, toOffset, length);
      }
      case 2 ->
          set2(from, offset, offset + stride, weights[w], weights[w + 1], to, toOffset, length);
      default -> set1(from, offset, weights[w], to, toOffset, length);
    }
  }

  private static void set4(
      float[] from,
      int o0,
      int o1,
      int o2,
      int o3,
      float w0,
      float w1,
      float w2,
      float w3,
      float[] to,
      int toOffset,
      int length) {
    for (int i = 0; i < length; i++) {
      to[toOffset + i] =
          (w0 * from[o0 + i] + w1 * from[o1 + i]) + (w2 * from[o2 + i] + w3 * from[o3 + i]);
    }
  }

  private static void add4(
      float[] from,
      int o0,
      int o1,
      int o2,
      int o3,
      float w0,
      float w1,
      float w2,
      float w3,
      float[] to,
      int toOffset,
      int length) {
    for (int i = 0; i < length; i++) {
      to[toOffset + i] +=
          (w0 * from[o0 + i] + w1 * from[o1 + i]) + (w2 * from[o2 + i] + w3 * from[o3 + i]);
    }
  }

  private static void set2(
      float[] from, int o0, int o1, float w0, float w1, float[] to, int toOffset, int length) {
    for (int i = 0; i < length; i++) {
      to[toOffset + i] = w0 * from[o0 + i] + w1 * from[o1 + i];
    }
  }

  private static void add2(
      float[] from, int o0, int o1, float w0, float w1, float[] to, int toOffset, int length) {
    for (int i = 0; i < length; i++) {
      to[toOffset + i] += w0 * from[o0 + i] + w1 * from[o1 + i];
    }
  }

  private static void set1(float[] from, int o0, float w0, float[] to, int toOffset, int length) {
    for (int i = 0; i < length; i++) {
      to[toOffset + i] = w0 * from[o0 + i];
    }
  }

  private static void add1(float[] from, int o0, float w0, float[] to, int toOffset, int length) {
    for (int i = 0; i < length; i++) {
      to[toOffset + i] += w0 * from[o0 + i];
    }
  }
}
