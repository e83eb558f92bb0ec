package org.byol4j.paramserver;

import java.util.Arrays;

/** How the elements of a flat buffer are shared among owners: ranges of {@code ceil(n / N)}. */
final class Ranges {
  private Ranges() {}

  /** Rank {@code r} owns {@code [bounds[r], bounds[r + 1])}; ranges at the end may be empty. */
  static long[] bounds(long length, int size) {
    long share = (length + size - 1) / size;
    long[] bounds = new long[size + 1];
    Arrays.setAll(bounds, rank -> Math.min(length, rank * share));
    return bounds;
  }

  /** The same ranges, cut at the end of a prefix. */
  static long[] cut(long[] bounds, long prefix) {
    return Arrays.stream(bounds).map(bound -> Math.min(bound, prefix)).toArray();
  }
}
