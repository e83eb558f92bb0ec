package org.byol4j.device.cuda;

import java.util.Objects;
import org.byol4j.device.DeviceMemory;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;

/** A range of a block of the GPU's memory, channels last. */
final class CudaTensor implements Tensor {

  private static final long VECTOR_BYTES = 16;

  private final Engine engine;
  private final GpuMemory memory;
  private final long offset;
  private final Shape shape;
  private final boolean owner;

  private CudaTensor(Engine engine, GpuMemory memory, long offset, Shape shape, boolean owner) {
    this.engine = engine;
    this.memory = memory;
    this.offset = offset;
    this.shape = shape;
    this.owner = owner;
  }

  /** A tensor with zeroed memory of its own. */
  static CudaTensor allocate(
      Engine engine, DeviceMemory.Purpose purpose, Element element, Shape shape) {
    GpuMemory memory = engine.allocate(purpose, element, shape.elements() * element.bytes());
    return new CudaTensor(engine, memory, 0, shape, true);
  }

  /**
   * @throws IllegalArgumentException if {@code tensor} was made by another device
   */
  static CudaTensor of(Tensor tensor, Engine engine) {
    if (tensor instanceof CudaTensor mine && mine.engine == engine) {
      return mine;
    }
    throw new IllegalArgumentException(
        "tensor of another device: class=%s shape=%s, expected one of this cuda device"
            .formatted(tensor.getClass().getName(), tensor.shape()));
  }

  /** The same, of a given number of elements. */
  static CudaTensor of(Tensor tensor, Engine engine, long elements, String role) {
    CudaTensor mine = of(tensor, engine);
    if (mine.shape.elements() != elements) {
      throw new IllegalArgumentException(
          "%s has shape=%s elements=%d, expected %d elements"
              .formatted(role, mine.shape, mine.shape.elements(), elements));
    }
    return mine;
  }

  /** The same, of elements of a given kind. */
  static CudaTensor of(Tensor tensor, Engine engine, Element element, long elements, String role) {
    CudaTensor mine = of(tensor, engine, elements, role);
    if (mine.element() != element) {
      throw new IllegalArgumentException(
          "%s is of element=%s, expected %s".formatted(role, mine.element(), element));
    }
    return mine;
  }

  GpuMemory memory() {
    return memory;
  }

  Element element() {
    return memory.element();
  }

  /** Where this tensor begins in its memory, in elements. */
  long offset() {
    return offset;
  }

  long elements() {
    return shape.elements();
  }

  long bytes() {
    return elements() * element().bytes();
  }

  /** Where this tensor begins. */
  long address() {
    return memory.address() + offset * element().bytes();
  }

  /** Whether it begins where vectors of elements may. */
  boolean isAligned() {
    return address() % VECTOR_BYTES == 0;
  }

  @Override
  public Shape shape() {
    return shape;
  }

  @Override
  public Tensor view(long from, Shape extent) {
    Objects.checkFromIndexSize(from, extent.elements(), elements());
    return new CudaTensor(engine, memory, offset + from, extent, false);
  }

  @Override
  public void close() {
    if (owner) {
      engine.free(memory);
    }
  }

  @Override
  public String toString() {
    return "CudaTensor" + shape;
  }
}
