package org.byol4j.paramserver.sharing;

/**
 * The threshold that a given share of a gradient's elements reaches. What gradients are like
 * depends on network, batch and loss by orders of magnitude, and Deeplearning4j's algorithm moves a
 * threshold by a few percent a step, so that a first guess would be wrong for hundreds of steps.
 */
final class FirstThreshold {
  /** Sign and lower bits of a float32 do not count: thresholds within 1/128 are the same. */
  private static final int LOWER_BITS = 16;

  private FirstThreshold() {}

  /**
   * Returns the largest of those thresholds that at least {@code share} of the elements reach; 0 if
   * fewer are not 0.
   *
   * @param gradient finite values
   * @param share above 0, at most 1
   */
  static double of(float[] gradient, double share) {
    int[] counts = new int[1 << (Integer.SIZE - 1 - LOWER_BITS)];
    for (float value : gradient) {
      counts[Float.floatToRawIntBits(Math.abs(value)) >>> LOWER_BITS]++;
    }
    double wanted = share * gradient.length;
    int bucket = counts.length;
    for (long reached = 0; bucket > 0 && reached < wanted; ) {
      bucket--;
      reached += counts[bucket];
    }
    return Float.intBitsToFloat(bucket << LOWER_BITS);
  }
}
