package org.byol4j.collective;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Float32 values in the memory of this process, shown as they are: no range is copied. */
public final class FloatVector implements Vector {
  private final FloatBuffer values;

  /**
   * The windows that are handed out: one for reading and one for writing, as the contract has it.
   */
  private final ByteBuffer toRead;

  private final ByteBuffer toWrite;

  /** Makes room for {@code length} values, all 0. */
  public FloatVector(int length) {
    this.toRead =
        ByteBuffer.allocateDirect(Math.multiplyExact(length, Float.BYTES))
            .order(ByteOrder.nativeOrder());
    this.toWrite = toRead.duplicate().order(ByteOrder.nativeOrder());
    this.values = toRead.asFloatBuffer();
  }

  /** The values, for reading and writing by index. */
  public FloatBuffer values() {
    return values;
  }

  @Override
  public long length() {
    return values.capacity();
  }

  @Override
  public int elementBytes() {
    return Float.BYTES;
  }

  @Override
  public ByteBuffer read(long from, int count) {
    return window(toRead, from, count);
  }

  @Override
  public ByteBuffer write(long from, int count) {
    return window(toWrite, from, count);
  }

  @Override
  public void written(long from, int count) {}

  private static ByteBuffer window(ByteBuffer buffer, long from, int count) {
    int start = Math.toIntExact(from * Float.BYTES);
    return buffer.limit(start + count * Float.BYTES).position(start);
  }
}
