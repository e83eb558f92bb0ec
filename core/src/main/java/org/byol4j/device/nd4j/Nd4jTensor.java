package org.byol4j.device.nd4j;

import java.util.Objects;
import org.byol4j.device.Arguments;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;

/** A range of a block of ND4J's memory, channels last. */
final class Nd4jTensor implements Tensor {

  private final Engine engine;
  private final Memory memory;
  private final long offset;
  private final Shape shape;
  private final boolean owner;
  private final Operand flat;

  private Nd4jTensor(Engine engine, Memory memory, long offset, Shape shape, boolean owner) {
    this.engine = engine;
    this.memory = memory;
    this.offset = offset;
    this.shape = shape;
    this.owner = owner;
    flat = as(shape.elements());
  }

  /** A tensor over the whole of a block, which it frees when it is closed. */
  static Nd4jTensor owning(Engine engine, Memory memory, Shape shape) {
    return new Nd4jTensor(engine, memory, 0, shape, true);
  }

  /**
   * @throws IllegalArgumentException if {@code tensor} was made by another device
   */
  static Nd4jTensor of(Tensor tensor, Engine engine) {
    if (tensor instanceof Nd4jTensor mine && mine.engine == engine) {
      return mine;
    }
    throw Arguments.ofAnotherDevice(tensor, "nd4j");
  }

  /** The same, of a given number of elements. */
  static Nd4jTensor of(Tensor tensor, Engine engine, long elements, String role) {
    return Arguments.requireElements(of(tensor, engine), elements, role);
  }

  Memory memory() {
    return memory;
  }

  /** Where this tensor begins in its memory, in elements. */
  long offset() {
    return offset;
  }

  long elements() {
    return shape.elements();
  }

  /** Whether both are the same elements. */
  boolean isSame(Nd4jTensor other) {
    return memory == other.memory && offset == other.offset && elements() == other.elements();
  }

  /** All elements in a row. */
  Operand flat() {
    return flat;
  }

  /** {@code [batch, height, width, channels]}. */
  Operand image() {
    return as(shape.batch(), shape.height(), shape.width(), shape.channels());
  }

  /** {@code [rows, channels]}. */
  Operand matrix() {
    return as(shape.rows(), shape.channels());
  }

  /** The elements in another shape. */
  Operand as(long... extent) {
    return Operand.dense(memory, offset, extent);
  }

  @Override
  public Shape shape() {
    return shape;
  }

  @Override
  public Tensor view(long from, Shape extent) {
    Objects.checkFromIndexSize(from, extent.elements(), elements());
    return new Nd4jTensor(engine, memory, offset + from, extent, false);
  }

  @Override
  public void close() {
    if (owner) {
      engine.free(memory);
    }
  }

  @Override
  public String toString() {
    return "Nd4jTensor" + shape;
  }
}
