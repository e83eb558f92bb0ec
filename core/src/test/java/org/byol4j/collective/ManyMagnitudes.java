package org.byol4j.collective;

import java.util.Random;

/** Values of all magnitudes, whose sum depends on its order. */
public final class ManyMagnitudes {
  private ManyMagnitudes() {}

  /** So many values, others for each seed. */
  public static double[] doubles(int seed, int length) {
    Random random = new Random(seed);
    return random.doubles(length, -1, 1).map(value -> value * Math.exp(9 * value)).toArray();
  }

  /** The same, rounded. */
  public static float[] floats(int seed, int length) {
    double[] exact = doubles(seed, length);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) exact[i];
    }
    return values;
  }
}
