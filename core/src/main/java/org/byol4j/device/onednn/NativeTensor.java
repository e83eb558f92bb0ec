package org.byol4j.device.onednn;

import java.util.Objects;
import org.byol4j.device.Arguments;
import org.byol4j.device.DeviceMemory;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;

/** A range of a block of native memory, channels last. */
final class NativeTensor implements Tensor {

  private final Engine engine;
  private final NativeMemory memory;
  private final long offset;
  private final Shape shape;
  private final boolean owner;

  private NativeTensor(
      Engine engine, NativeMemory memory, long offset, Shape shape, boolean owner) {
    this.engine = engine;
    this.memory = memory;
    this.offset = offset;
    this.shape = shape;
    this.owner = owner;
  }

  /** A tensor with memory of its own. */
  static NativeTensor allocate(Engine engine, DeviceMemory.Purpose purpose, Shape shape) {
    long bytes = shape.elements() * Float.BYTES;
    return new NativeTensor(engine, engine.allocate(purpose, bytes), 0, shape, true);
  }

  /**
   * @throws IllegalArgumentException if {@code tensor} was made by another device
   */
  static NativeTensor of(Tensor tensor, Engine engine) {
    if (tensor instanceof NativeTensor mine && mine.engine == engine) {
      return mine;
    }
    throw Arguments.ofAnotherDevice(tensor, "onednn");
  }

  /** The same, of a given number of elements. */
  static NativeTensor of(Tensor tensor, Engine engine, long elements, String role) {
    return Arguments.requireElements(of(tensor, engine), elements, role);
  }

  NativeMemory memory() {
    return memory;
  }

  /** Where this tensor begins in its memory, in elements. */
  long offset() {
    return offset;
  }

  long elements() {
    return shape.elements();
  }

  /** Copies {@code count} elements from {@code from} on into {@code tile}. */
  void get(long from, float[] tile, int count) {
    memory.get(offset + from, tile, count);
  }

  /** Copies the first {@code count} elements of {@code tile} to {@code from}. */
  void put(long from, float[] tile, int count) {
    memory.put(offset + from, tile, count);
  }

  /** Copies {@code count} elements from {@code from} on to index {@code at} of {@code tile}. */
  void get(long from, float[] tile, int at, int count) {
    memory.get(offset + from, tile, at, count);
  }

  /** Copies {@code count} elements of {@code tile} from index {@code at} on to {@code from}. */
  void put(long from, float[] tile, int at, int count) {
    memory.put(offset + from, tile, at, count);
  }

  @Override
  public Shape shape() {
    return shape;
  }

  @Override
  public Tensor view(long from, Shape extent) {
    Objects.checkFromIndexSize(from, extent.elements(), elements());
    return new NativeTensor(engine, memory, offset + from, extent, false);
  }

  @Override
  public void close() {
    if (owner) {
      engine.free(memory);
    }
  }

  @Override
  public String toString() {
    return "NativeTensor" + shape;
  }
}
