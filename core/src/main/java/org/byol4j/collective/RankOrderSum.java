package org.byol4j.collective;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;

/**
 * Adds the terms of several replicas, each element in rank order, in its own precision: {@code ((r0
 * + r1) + r2) + ...}. Buffers are read and written from their positions, which move behind the
 * elements; the sums may overwrite one of the terms through a buffer of its own.
 */
public final class RankOrderSum {

  /** Elements added at a time: loops over arrays vectorize, and these stay in the L1 cache. */
  private static final int TILE = 1024;

  private final float[] floatSum = new float[TILE];
  private final float[] floatTerm = new float[TILE];
  private final double[] doubleSum = new double[TILE];
  private final double[] doubleTerm = new double[TILE];

  /** Puts the sums of the next {@code count} elements of all {@code terms}. */
  public void sum(FloatBuffer[] terms, int count, FloatBuffer sums) {
    float[] sum = floatSum;
    float[] term = floatTerm;
    for (int from = 0; from < count; from += TILE) {
      int tile = Math.min(TILE, count - from);
      terms[0].get(sum, 0, tile);
      for (int rank = 1; rank < terms.length; rank++) {
        terms[rank].get(term, 0, tile);
        for (int i = 0; i < tile; i++) {
          sum[i] += term[i];
        }
      }
      sums.put(sum, 0, tile);
    }
  }

  /** Puts the sums of the next {@code count} elements of all {@code terms}. */
  public void sum(DoubleBuffer[] terms, int count, DoubleBuffer sums) {
    double[] sum = doubleSum;
    double[] term = doubleTerm;
    for (int from = 0; from < count; from += TILE) {
      int tile = Math.min(TILE, count - from);
      terms[0].get(sum, 0, tile);
      for (int rank = 1; rank < terms.length; rank++) {
        terms[rank].get(term, 0, tile);
        for (int i = 0; i < tile; i++) {
          sum[i] += term[i];
        }
      }
      sums.put(sum, 0, tile);
    }
  }
}
