package org.byol4j.collective;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Float32 values in the memory of this process. */
public final class FloatVector implements Vector {
  private final ByteBuffer bytes;
  private final FloatBuffer values;

  /** Makes room for {@code length} values, all 0. */
  public FloatVector(int length) {
    this.bytes =
        ByteBuffer.allocateDirect(Math.multiplyExact(length, Float.BYTES))
            .order(ByteOrder.nativeOrder());
    this.values = bytes.asFloatBuffer();
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
    return window(from, count);
  }

  @Override
  public ByteBuffer write(long from, int count) {
    return window(from, count);
  }

  @Override
  public void written(long from, int count) {}

  private ByteBuffer window(long from, int count) {
    int start = Math.toIntExact(from * Float.BYTES);
    return bytes
        .duplicate()
        .order(ByteOrder.nativeOrder())
        .limit(start + count * Float.BYTES)
        .position(start);
  }
}
