package org.byol4j.device;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/** Shows a reference tensor through copies, as a device with memory of its own must. */
final class ReferenceHostWindow implements HostWindow {
  private final ReferenceTensor tensor;
  private ByteBuffer toRead = ByteBuffer.allocate(0);
  private ByteBuffer toWrite = ByteBuffer.allocate(0);

  ReferenceHostWindow(ReferenceTensor tensor) {
    this.tensor = tensor;
  }

  @Override
  public long length() {
    return tensor.length();
  }

  @Override
  public int elementBytes() {
    return Double.BYTES;
  }

  @Override
  public ByteBuffer read(long from, int count) {
    Objects.checkFromIndexSize(from, count, length());
    toRead = withRoomFor(count, toRead);
    toRead.asDoubleBuffer().put(tensor.array(), tensor.offset() + (int) from, count);
    return toRead;
  }

  @Override
  public ByteBuffer write(long from, int count) {
    Objects.checkFromIndexSize(from, count, length());
    toWrite = withRoomFor(count, toWrite);
    return toWrite;
  }

  @Override
  public void written(long from, int count) {
    toWrite.clear();
    toWrite.asDoubleBuffer().get(tensor.array(), tensor.offset() + (int) from, count);
  }

  private static ByteBuffer withRoomFor(int count, ByteBuffer buffer) {
    int bytes = Math.multiplyExact(count, Double.BYTES);
    if (buffer.capacity() < bytes) {
      return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
    }
    return buffer.clear().limit(bytes);
  }
}
