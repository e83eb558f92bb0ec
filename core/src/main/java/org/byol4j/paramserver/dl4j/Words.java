package org.byol4j.paramserver.dl4j;

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
    return array.isEmpty() ? new int[0] : array.toIntVector();
  }

  static void free(INDArray array) {
    if (!array.isEmpty()) {
      array.close();
    }
  }
}
