package org.byol4j.collective;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A vector in memory that, like a device's, hands out copies of its elements. */
public final class ArrayVector implements Vector {
  private final int elementBytes;
  private final double[] values;
  private ByteBuffer handedOut = ByteBuffer.allocate(0);

  private ArrayVector(int elementBytes, double[] values) {
    this.elementBytes = elementBytes;
    this.values = values;
  }

  public static ArrayVector ofFloats(double... values) {
    return new ArrayVector(Float.BYTES, values);
  }

  public static ArrayVector ofDoubles(double... values) {
    return new ArrayVector(Double.BYTES, values);
  }

  public double[] values() {
    return values;
  }

  @Override
  public long length() {
    return values.length;
  }

  @Override
  public int elementBytes() {
    return elementBytes;
  }

  @Override
  public ByteBuffer read(long from, int count) {
    ByteBuffer buffer = buffer(count);
    for (int i = 0; i < count; i++) {
      double value = values[(int) from + i];
      if (elementBytes == Float.BYTES) {
        buffer.putFloat((float) value);
      } else {
        buffer.putDouble(value);
      }
    }
    return buffer.flip();
  }

  @Override
  public ByteBuffer write(long from, int count) {
    handedOut = buffer(count);
    return handedOut;
  }

  @Override
  public void written(long from, int count) {
    handedOut.rewind();
    for (int i = 0; i < count; i++) {
      values[(int) from + i] =
          elementBytes == Float.BYTES ? handedOut.getFloat() : handedOut.getDouble();
    }
  }

  private ByteBuffer buffer(int count) {
    return ByteBuffer.allocate(count * elementBytes).order(ByteOrder.nativeOrder());
  }
}
