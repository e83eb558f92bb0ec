package org.byol4j.device.onednn;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.byol4j.device.HostWindow;

/**
 * The memory of a tensor itself. A range asked for again is the same buffer: a step that exchanges
 * the same ranges each time allocates nothing.
 */
final class NativeWindow implements HostWindow {

  private record Range(long from, int count, ByteBuffer buffer) {}

  private static final int REMEMBERED = 64;

  private final NativeTensor tensor;
  private final List<Range> ranges = new ArrayList<>();

  NativeWindow(NativeTensor tensor) {
    this.tensor = tensor;
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
  public ByteBuffer read(long from, int count) {
    tensor.memory().requireOpen();
    for (int i = 0; i < ranges.size(); i++) {
      Range range = ranges.get(i);
      if (range.from == from && range.count == count) {
        return range.buffer.clear();
      }
    }
    Objects.checkFromIndexSize(from, (long) count, length());
    if (ranges.size() == REMEMBERED) {
      ranges.remove(0);
    }
    ByteBuffer buffer = tensor.memory().slice(tensor.offset() + from, count);
    ranges.add(new Range(from, count, buffer));
    return buffer;
  }

  @Override
  public ByteBuffer write(long from, int count) {
    return read(from, count);
  }

  @Override
  public void written(long from, int count) {
    tensor.memory().changed();
  }
}
