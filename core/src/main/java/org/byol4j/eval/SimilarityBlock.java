package org.byol4j.eval;

import java.util.Arrays;

/**
 * A window on the training images, that many at a time as fit into a core's cache, normalized and
 * transposed: one array a feature, so that the innermost loop runs over images and becomes vector
 * instructions.
 *
 * <p>Between two calls of {@link #next} any number of threads may read.
 */
final class SimilarityBlock {
  private static final int CACHE_FLOATS = 1 << 18;
  private static final int FEATURES_AT_ONCE = 4;

  private final Features images;
  private final float[][] columns;
  private final float[] row;
  private int first;
  private int count;

  SimilarityBlock(Features images) {
    this.images = images;
    int padded = (images.width() + FEATURES_AT_ONCE - 1) / FEATURES_AT_ONCE * FEATURES_AT_ONCE;
    int rows = Math.min(512, Math.max(64, CACHE_FLOATS / padded));
    this.columns = new float[padded][rows];
    this.row = new float[images.width()];
  }

  /** The length of a query: the width, padded with zeros. */
  int queryLength() {
    return columns.length;
  }

  /** How many images a block has room for. */
  int rows() {
    return columns[0].length;
  }

  /** How many images this block holds. */
  int count() {
    return count;
  }

  /** The row of the first image in this block. */
  int first() {
    return first;
  }

  /** Moves on to the next images; false if there are none. */
  boolean next() {
    first += count;
    count = Math.min(rows(), images.rows() - first);
    for (int i = 0; i < count; i++) {
      images.normalized(first + i, row);
      for (int feature = 0; feature < row.length; feature++) {
        columns[feature][i] = row[feature];
      }
    }
    return count > 0;
  }

  /** Makes the inner products of a normalized query with all images of this block. */
  void similarities(float[] query, float[] to) {
    Arrays.fill(to, 0);
    for (int f = 0; f < columns.length; f += FEATURES_AT_ONCE) {
      addProducts(
          query[f],
          query[f + 1],
          query[f + 2],
          query[f + 3],
          columns[f],
          columns[f + 1],
          columns[f + 2],
          columns[f + 3],
          to);
    }
  }

  /** Four features at once: fewer loads of {@code to}; more are not vectorized by C2. */
  private static void addProducts(
      float q0,
      float q1,
      float q2,
      float q3,
      float[] c0,
      float[] c1,
      float[] c2,
      float[] c3,
      float[] to) {
    for (int i = 0; i < to.length; i++) {
      to[i] =
          Math.fma(q3, c3[i], Math.fma(q2, c2[i], Math.fma(q1, c1[i], Math.fma(q0, c0[i], to[i]))));
    }
  }
}
