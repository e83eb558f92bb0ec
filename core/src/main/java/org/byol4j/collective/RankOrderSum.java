package org.byol4j.collective;

import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;

/**
 * Adds the pieces of several replicas, each element in rank order, in its own precision: {@code
 * ((r0 + r1) + r2) + ...}.
 */
final class RankOrderSum {

  /** Elements added at a time: loops over arrays vectorize, and these stay in the L1 cache. */
  private static final int TILE = 1024;

  private final FloatBuffer[] floats;
  private final DoubleBuffer[] doubles;
  private final float[] floatSum = new float[TILE];
  private final float[] floatTerm = new float[TILE];
  private final double[] doubleSum = new double[TILE];
  private final double[] doubleTerm = new double[TILE];

  RankOrderSum(int replicas) {
    this.floats = new FloatBuffer[replicas];
    this.doubles = new DoubleBuffer[replicas];
  }

  /**
   * Writes the sums of the elements {@code [begin, end)} of all {@code pieces} to the same elements
   * of {@code sums}, which may be one of the pieces.
   */
  void sum(ByteBuffer[] pieces, int begin, int end, int elementBytes, ByteBuffer sums) {
    if (elementBytes == Float.BYTES) {
      sumFloats(pieces, begin, end, sums.asFloatBuffer());
      return;
    }
    sumDoubles(pieces, begin, end, sums.asDoubleBuffer());
  }

  private void sumFloats(ByteBuffer[] pieces, int begin, int end, FloatBuffer sums) {
    for (int rank = 0; rank < floats.length; rank++) {
      floats[rank] = pieces[rank].asFloatBuffer();
    }
    float[] sum = floatSum;
    float[] term = floatTerm;
    for (int from = begin; from < end; from += TILE) {
      int count = Math.min(TILE, end - from);
      floats[0].get(from, sum, 0, count);
      for (int rank = 1; rank < floats.length; rank++) {
        floats[rank].get(from, term, 0, count);
        for (int i = 0; i < count; i++) {
          sum[i] += term[i];
        }
      }
      sums.put(from, sum, 0, count);
    }
  }

  private void sumDoubles(ByteBuffer[] pieces, int begin, int end, DoubleBuffer sums) {
    for (int rank = 0; rank < doubles.length; rank++) {
      doubles[rank] = pieces[rank].asDoubleBuffer();
    }
    double[] sum = doubleSum;
    double[] term = doubleTerm;
    for (int from = begin; from < end; from += TILE) {
      int count = Math.min(TILE, end - from);
      doubles[0].get(from, sum, 0, count);
      for (int rank = 1; rank < doubles.length; rank++) {
        doubles[rank].get(from, term, 0, count);
        for (int i = 0; i < count; i++) {
          sum[i] += term[i];
        }
      }
      sums.put(from, sum, 0, count);
    }
  }
}
