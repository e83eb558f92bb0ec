package org.byol4j.paramserver.sharing;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Integers of ND4J's arrays, one array's behind the other's, in memory that is used again. ND4J's
 * conversions make an array of Java for each.
 */
final class TakenWords {
  private int[] words = new int[0];
  private int length;

  /** Forgets the integers, and keeps their memory. */
  void clear() {
    length = 0;
  }

  /** Adds the integers of a whole array. */
  void add(INDArray array) {
    int more = Math.toIntExact(array.length());
    if (length + more > words.length) {
      words = Arrays.copyOf(words, Math.addExact(length, more));
    }
    Nd4j.getAffinityManager().ensureLocation(array, Location.HOST);
    array.data().asNioInt().get(0, words, length, more);
    length += more;
  }

  /** All that were added, as an array of its own. */
  int[] toArray() {
    return Arrays.copyOf(words, length);
  }

  /** An array of ND4J with the integers {@code [from, to)} of {@code words}, the caller's. */
  static INDArray array(int[] words, int from, int to) {
    INDArray array = Nd4j.create(DataType.INT32, to - from);
    array.data().asNioInt().put(0, words, from, to - from);
    Nd4j.getAffinityManager().tagLocation(array, Location.HOST);
    return array;
  }
}
