package org.byol4j.device.nd4j;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A zeroed block of ND4J's memory, outside of any workspace: a workspace would take it back when it
 * is left. Where a backend keeps memory apart from the host's, an access from the host brings the
 * block there first.
 */
final class Memory implements Place, AutoCloseable {

  private final DataType type;
  private final long elements;
  private final INDArray whole;
  private boolean closed;

  /**
   * @param type {@code FLOAT} or {@code DOUBLE}
   * @throws OutOfMemoryError if ND4J has no more
   */
  Memory(DataType type, long elements) {
    this.type = type;
    this.elements = elements;
    whole = claim(type, elements);
  }

  @SuppressWarnings("try") // the scope is there to be left
  private static INDArray claim(DataType type, long elements) {
    try (MemoryWorkspace outside = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
      return Nd4j.create(type, elements);
    } catch (OutOfMemoryError e) {
      throw e;
    } catch (RuntimeException e) {
      // what ND4J throws where the system refuses memory; it says so in no type
      OutOfMemoryError refused = new OutOfMemoryError(e.getMessage());
      refused.initCause(e);
      throw refused;
    }
  }

  @Override
  public Memory memory() {
    return this;
  }

  DataType type() {
    return type;
  }

  long elements() {
    return elements;
  }

  long bytes() {
    return elements * type.width();
  }

  /** A dense array over the elements from {@code offset} on. */
  INDArray view(long offset, long[] shape, long[] strides) {
    requireOpen();
    return Nd4j.create(whole.data(), shape, strides, offset, 'c');
  }

  /** Sets every element. */
  void fill(double value) {
    requireOpen();
    whole.assign(value);
  }

  /** Copies elements from {@code at} on into the array. */
  void get(long at, float[] to, int count) {
    toHost();
    new FloatPointer(whole.data().pointer()).position(at).get(to, 0, count);
  }

  /** Copies elements of the array to {@code at}. */
  void put(long at, float[] from, int count) {
    toHost();
    new FloatPointer(whole.data().pointer()).position(at).put(from, 0, count);
    changedOnHost();
  }

  /** Copies elements from {@code at} on into the array. */
  void get(long at, double[] to, int count) {
    toHost();
    new DoublePointer(whole.data().pointer()).position(at).get(to, 0, count);
  }

  /** Copies elements of the array to {@code at}. */
  void put(long at, double[] from, int count) {
    toHost();
    new DoublePointer(whole.data().pointer()).position(at).put(from, 0, count);
    changedOnHost();
  }

  /** The elements as the host sees them; after a change of them, {@link #changedOnHost}. */
  ByteBuffer onHost(long from, int count) {
    toHost();
    int width = type.width();
    BytePointer start = new BytePointer(whole.data().pointer()).getPointer(from * width);
    return start.capacity((long) count * width).asByteBuffer().order(ByteOrder.nativeOrder());
  }

  /** Says that the host's view of the block is the newest. */
  void changedOnHost() {
    Nd4j.getAffinityManager().tagLocation(whole, Location.HOST);
  }

  private void toHost() {
    requireOpen();
    Nd4j.getAffinityManager().ensureLocation(whole, Location.HOST);
  }

  /**
   * @throws IllegalStateException if the block was given back
   */
  void requireOpen() {
    if (closed) {
      throw new IllegalStateException(
          "tensor was closed: its memory of bytes=%d is gone".formatted(elements * type.width()));
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      whole.close();
    }
  }
}
