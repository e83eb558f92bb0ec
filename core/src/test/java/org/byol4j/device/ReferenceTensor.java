package org.byol4j.device;

import java.util.Objects;

/** A range of a double array. */
final class ReferenceTensor implements Tensor {

  /** What a tensor and its views share. */
  private static final class Memory {
    final ReferenceDevice device;
    double[] values;

    Memory(ReferenceDevice device, double[] values) {
      this.device = device;
      this.values = values;
    }
  }

  private final Memory memory;
  private final boolean owner;
  private final int offset;
  private final Shape shape;

  private ReferenceTensor(Memory memory, boolean owner, int offset, Shape shape) {
    this.memory = memory;
    this.owner = owner;
    this.offset = offset;
    this.shape = shape;
  }

  static ReferenceTensor allocate(ReferenceDevice device, Shape shape) {
    double[] values = new double[Math.toIntExact(shape.elements())];
    return new ReferenceTensor(new Memory(device, values), true, 0, shape);
  }

  /** The device that made it. */
  ReferenceDevice device() {
    return memory.device;
  }

  /** The array that this tensor lies in, from {@link #offset} on. */
  double[] array() {
    if (memory.values == null) {
      throw new IllegalStateException("the memory of tensor %s is closed".formatted(shape));
    }
    return memory.values;
  }

  int offset() {
    return offset;
  }

  int length() {
    return Math.toIntExact(shape.elements());
  }

  @Override
  public Shape shape() {
    return shape;
  }

  @Override
  public Tensor view(long from, Shape viewShape) {
    Objects.checkFromIndexSize(from, viewShape.elements(), shape.elements());
    return new ReferenceTensor(memory, false, Math.toIntExact(offset + from), viewShape);
  }

  @Override
  public void close() {
    if (owner) {
      memory.values = null;
    }
  }
}
