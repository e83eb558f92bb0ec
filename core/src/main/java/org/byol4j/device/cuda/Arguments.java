package org.byol4j.device.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/** The arguments of a kernel in native memory: values of up to 8 bytes, and pointers to them. */
final class Arguments implements AutoCloseable {

  private static final int MOST = 20;

  private final BytePointer memory = new BytePointer((long) MOST * Long.BYTES);
  private final ByteBuffer values = memory.asByteBuffer().order(ByteOrder.nativeOrder());
  private final PointerPointer<Pointer> pointers = new PointerPointer<>(MOST);
  private int count;

  Arguments() {
    // whatever is not written has the same bits in every run
    for (int i = 0; i < MOST; i++) {
      setLong(i, 0);
    }
  }

  /** As many arguments as a kernel may have, all 0. */
  static Arguments withRoom() {
    Arguments all = new Arguments();
    for (int i = 0; i < MOST; i++) {
      all.addLong(0);
    }
    return all;
  }

  /** How many were added. */
  int count() {
    return count;
  }

  /** The 8 bytes of one of them. */
  long bits(int index) {
    return values.getLong(index * Long.BYTES);
  }

  /** Where pointers to the values lie, as {@code cuLaunchKernel} takes them. */
  PointerPointer<Pointer> pointers() {
    return pointers;
  }

  /** Adds a value; returns its index. */
  int addLong(long value) {
    int index = next();
    setLong(index, value);
    return index;
  }

  int addInt(int value) {
    int index = next();
    setInt(index, value);
    return index;
  }

  int addFloat(float value) {
    int index = next();
    setFloat(index, value);
    return index;
  }

  int addDouble(double value) {
    int index = next();
    setDouble(index, value);
    return index;
  }

  void setLong(int index, long value) {
    values.putLong(index * Long.BYTES, value);
  }

  void setInt(int index, int value) {
    values.putInt(index * Long.BYTES, value);
  }

  void setFloat(int index, float value) {
    values.putFloat(index * Long.BYTES, value);
  }

  void setDouble(int index, double value) {
    values.putDouble(index * Long.BYTES, value);
  }

  private int next() {
    if (count == MOST) {
      throw new IllegalStateException("kernel with more than %d arguments".formatted(MOST));
    }
    pointers.put(count, memory.getPointer((long) count * Long.BYTES));
    return count++;
  }

  @Override
  public void close() {
    pointers.close();
    memory.close();
  }
}
