package org.byol4j.collective;

import java.util.Arrays;

/** What the operations of every {@link Collective} require of their arguments. */
public final class CollectiveArguments {
  private CollectiveArguments() {}

  /**
   * Requires bounds of one range for each replica, within a vector.
   *
   * @param size how many replicas there are
   * @param length the number of elements of the vector
   * @throws IllegalArgumentException unless {@code bounds} are {@code size + 1} rising values
   *     within {@code [0, length]}
   */
  public static void requireBounds(long[] bounds, int size, long length) {
    boolean valid = bounds.length == size + 1 && bounds[0] >= 0;
    for (int i = 1; valid && i < bounds.length; i++) {
      valid = bounds[i - 1] <= bounds[i] && bounds[i] <= length;
    }
    if (!valid) {
      throw new IllegalArgumentException(
          "bounds=%s, expected %d rising values within [0, %d]"
              .formatted(Arrays.toString(bounds), size + 1, length));
    }
  }

  /**
   * Requires that {@code all} holds the values of all replicas, each as many as {@code mine}.
   *
   * @param size how many replicas there are
   * @throws IllegalArgumentException if it is of another length
   */
  public static void requireGathered(double[] mine, double[] all, int size) {
    if (all.length != mine.length * size) {
      throw new IllegalArgumentException(
          "all.length=%d, expected mine.length=%d x size=%d"
              .formatted(all.length, mine.length, size));
    }
  }
}
