package org.byol4j.collective;

import java.util.Arrays;

/**
 * Times sums over a group the way that training takes them: short ones in double and in one hop, as
 * batch statistics are; long ones of float32 by a reduce-scatter and an all-gather, as gradients
 * and weights are.
 */
public final class AllReduceBenchmark {
  /** From here on a message is a vector. */
  public static final long VECTOR_BYTES = 1 << 16;

  private static final int WARMUP_SMALL = 20_000;
  private static final int WARMUP_VECTOR = 5;
  private static final int FEWEST = 10;
  private static final int MOST = 5_000;

  /** What is sent without being told how often. */
  private static final long TOTAL_BYTES = 4_000_000_000L;

  private AllReduceBenchmark() {}

  /** How often a message of this size is summed if nobody says otherwise. */
  public static int iterations(long bytes) {
    return (int) Math.max(FEWEST, Math.min(MOST, TOTAL_BYTES / bytes));
  }

  /**
   * Sums and returns how long each sum took, in seconds, rising. Every replica of the group calls
   * this.
   *
   * @param bytes the message of a replica, a multiple of 8
   */
  public static double[] run(Collective collective, long bytes, int iterations) {
    Runnable sum = bytes < VECTOR_BYTES ? small(collective, bytes) : vector(collective, bytes);
    int warmup = bytes < VECTOR_BYTES ? WARMUP_SMALL : WARMUP_VECTOR;
    for (int i = 0; i < warmup; i++) {
      sum.run();
    }
    double[] seconds = new double[iterations];
    for (int i = 0; i < iterations; i++) {
      long start = System.nanoTime();
      sum.run();
      seconds[i] = (System.nanoTime() - start) / 1e9;
    }
    Arrays.sort(seconds);
    return seconds;
  }

  private static Runnable small(Collective collective, long bytes) {
    double[] values = new double[(int) (bytes / Double.BYTES)];
    return () -> collective.allReduceSum(values);
  }

  private static Runnable vector(Collective collective, long bytes) {
    Vector vector = new FloatVector((int) (bytes / Float.BYTES));
    long[] bounds = new long[collective.size() + 1];
    Arrays.setAll(bounds, rank -> vector.length() * rank / collective.size());
    return () -> {
      collective.reduceScatterSum(vector, bounds);
      collective.allGather(vector, bounds);
    };
  }
}
