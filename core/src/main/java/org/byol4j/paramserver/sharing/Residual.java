package org.byol4j.paramserver.sharing;

import java.nio.FloatBuffer;
import java.util.function.BiConsumer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * What one replica has not sent yet, each tensor in a unit of its own. What is read and written is
 * in the unit of gradients.
 */
final class Residual implements AutoCloseable {
  private final INDArray values;
  private final int[] lengths;
  private TensorUnits units;

  /** Nothing, for tensors of so many elements. */
  Residual(int... lengths) {
    LoadedNd4j.require();
    this.lengths = lengths.clone();
    this.units = TensorUnits.ones(lengths.length);
    long elements = 0;
    for (int length : lengths) {
      elements += length;
    }
    this.values = Nd4j.create(DataType.FLOAT, elements);
  }

  /** All elements, each tensor in its unit. */
  INDArray values() {
    return values;
  }

  int elements() {
    return (int) values.length();
  }

  /** Goes over to other units. */
  void useUnits(TensorUnits others) {
    int from = 0;
    for (int t = 0; t < lengths.length; t++) {
      float factor = units.of(t) / others.of(t);
      if (factor != 1) {
        range(from, lengths[t]).muli(factor);
      }
      from += lengths[t];
    }
    units = others;
  }

  /** Fills what remains in {@code to} with the elements from {@code from} on. */
  void read(int from, FloatBuffer to) {
    useUnits(TensorUnits.ones(lengths.length));
    if (to.hasRemaining()) {
      try (INDArray copy = range(from, to.remaining()).dup()) {
        to.put(copy.toFloatVector());
      }
    }
  }

  /** Takes what remains in {@code from} as the elements from {@code at} on. */
  void write(int at, FloatBuffer from) {
    combine(at, from, INDArray::assign);
  }

  /** Adds what remains in {@code from} to the elements from {@code at} on. */
  void add(int at, FloatBuffer from) {
    combine(at, from, INDArray::addi);
  }

  private void combine(int at, FloatBuffer from, BiConsumer<INDArray, INDArray> into) {
    useUnits(TensorUnits.ones(lengths.length));
    if (from.hasRemaining()) {
      float[] taken = new float[from.remaining()];
      from.get(taken);
      try (INDArray array = Nd4j.createFromArray(taken)) {
        into.accept(range(at, taken.length), array);
      }
    }
  }

  private INDArray range(int from, int length) {
    return values.get(NDArrayIndex.interval(from, (long) from + length));
  }

  @Override
  public void close() {
    values.close();
  }
}
