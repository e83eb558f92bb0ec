package org.byol4j.device.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.byol4j.device.HostWindow;

/**
 * A float32 tensor's elements, copied to and from pinned memory of its own. A range to be read may
 * be on its way while others are sent, and ranges that were written while others come.
 */
final class CudaWindow implements HostWindow {

  private static final int NONE = -1;

  private final Engine engine;
  private final CudaTensor tensor;
  private final PinnedRange read;
  private final Gpu.Exchange fetch;

  /** While what was written into one is on its way, the other one is filled. */
  private final Outgoing[] written;

  private int filled;

  /** The range that was begun and not read yet. */
  private long begunFrom;

  private int begunCount = NONE;
  private final List<CudaWindow> readers = new ArrayList<>();

  /**
   * @throws IllegalArgumentException if the tensor is not of float32
   */
  CudaWindow(Engine engine, CudaTensor tensor) {
    if (tensor.element() != Element.FP32) {
      throw new IllegalArgumentException(
          "window on a tensor of element=%s, expected FP32".formatted(tensor.element()));
    }
    this.engine = engine;
    this.tensor = tensor;
    read = new PinnedRange(engine);
    fetch = engine.gpu().fetch();
    written = new Outgoing[] {new Outgoing(engine), new Outgoing(engine)};
  }

  @Override
  public long length() {
    return tensor.elements();
  }

  @Override
  public int elementBytes() {
    return Float.BYTES;
  }

  @Override
  public void beginRead(long from, int count) {
    requireWithin(from, count);
    read.of(count);
    fetch.begin(address(from), read.address(), (long) count * Float.BYTES);
    begunFrom = from;
    begunCount = count;
  }

  @Override
  public ByteBuffer read(long from, int count) {
    if (begunCount != count || begunFrom != from) {
      beginRead(from, count);
    }
    begunCount = NONE;
    fetch.await();
    return read.of(count);
  }

  /** Copies into pinned memory of its own, so that no range is copied twice. */
  @Override
  public HostWindow reader(int number) {
    while (readers.size() <= number) {
      readers.add(new CudaWindow(engine, tensor));
    }
    return readers.get(number);
  }

  @Override
  public ByteBuffer write(long from, int count) {
    requireWithin(from, count);
    return written[filled].of(count);
  }

  @Override
  public void written(long from, int count) {
    requireWithin(from, count);
    written[filled].send(address(from), (long) count * Float.BYTES);
    filled = 1 - filled;
    tensor.memory().changed();
  }

  /** Whether the elements lie in the memory of that device. */
  boolean isOf(Engine other) {
    return engine == other;
  }

  /** Says that the elements have changed where they lie. */
  void changed() {
    tensor.memory().changed();
  }

  private void requireWithin(long from, int count) {
    tensor.memory().requireOpen();
    Objects.checkFromIndexSize(from, (long) count, length());
  }

  /** Where element {@code from} lies in the GPU's memory. */
  long address(long from) {
    tensor.memory().requireOpen();
    return tensor.address() + from * Float.BYTES;
  }

  /** Pinned memory whose content nobody changes while it is copied to the GPU. */
  private static final class Outgoing {
    private final PinnedRange range;
    private final Gpu.Exchange store;

    private Outgoing(Engine engine) {
      range = new PinnedRange(engine);
      store = engine.gpu().store();
    }

    private ByteBuffer of(int count) {
      store.await();
      return range.of(count);
    }

    private void send(long address, long bytes) {
      store.begin(range.address(), address, bytes);
    }
  }

  /** Pinned memory that grows to the longest range. */
  private static final class PinnedRange {
    private final Engine engine;
    private ByteBuffer buffer = ByteBuffer.allocate(0);
    private long address;

    private PinnedRange(Engine engine) {
      this.engine = engine;
    }

    private ByteBuffer of(int count) {
      int bytes = Math.multiplyExact(count, Float.BYTES);
      if (buffer.capacity() < bytes) {
        var memory = engine.pinned(bytes);
        buffer = memory.asByteBuffer().order(ByteOrder.nativeOrder());
        address = memory.address();
      }
      return buffer.clear().limit(bytes);
    }

    private long address() {
      return address;
    }
  }
}
