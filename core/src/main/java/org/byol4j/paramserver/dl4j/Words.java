package org.byol4j.paramserver.dl4j;

import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Integers in arrays of ND4J, which has empty ones that have neither values nor memory. */
final class Words {
  private Words() {}

  /** An array with {@code words}, the caller's to {@linkplain #free free}. */
  static INDArray array(int[] words) {
    return Nd4j.createFromArray(words);
  }

  static int[] of(INDArray array) {
    return new Scratch().of(array);
  }

  /** Integers of arrays, one after the other, in memory that is used again where it fits. */
  static final class Scratch {
    private int[] words = new int[0];

    /** The integers of a whole array, valid until the next call. */
    int[] of(INDArray array) {
      int length = Math.toIntExact(array.length());
      if (words.length != length) {
        words = new int[length];
      }
      if (length > 0) {
        Nd4j.getAffinityManager().ensureLocation(array, Location.HOST);
        array.data().asNioInt().get(0, words);
      }
      return words;
    }
  }

  static void free(INDArray array) {
    if (!array.isEmpty()) {
      array.close();
    }
  }
}
