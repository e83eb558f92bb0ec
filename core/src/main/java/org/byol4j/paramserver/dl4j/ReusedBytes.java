package org.byol4j.paramserver.dl4j;

import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Bytes that are written one behind the other, in memory that grows as needed and is used again for
 * the next ones.
 */
final class ReusedBytes extends OutputStream {
  /** The longest arrays that JVMs make. */
  private static final int MOST = Integer.MAX_VALUE - 8;

  private byte[] bytes = new byte[0];
  private int length;

  /** Forgets the bytes, and keeps their memory. */
  void clear() {
    length = 0;
  }

  int length() {
    return length;
  }

  /** What was written, until more is or it is cleared. */
  ByteBuffer view() {
    return ByteBuffer.wrap(bytes, 0, length);
  }

  /** Sees to it that {@code more} bytes have room without another growth. */
  void makeRoom(int more) {
    int needed = Math.addExact(length, more);
    if (needed > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.max(needed, Math.min(2L * length, MOST)));
    }
  }

  /**
   * The memory behind what was written, {@code most} bytes of it, for somebody who puts bytes there
   * and {@linkplain #added says} how many.
   */
  ByteBuffer rest(int most) {
    makeRoom(most);
    return ByteBuffer.wrap(bytes, length, most);
  }

  /** Counts bytes that were put into {@link #rest} as written. */
  void added(int count) {
    length += count;
  }

  /** Writes an int32, big-endian. */
  void writeInt(int value) {
    makeRoom(Integer.BYTES);
    length += Integer.BYTES;
    setInt(length - Integer.BYTES, value);
  }

  /** Writes an int32 over bytes that were written before. */
  void setInt(int at, int value) {
    ByteBuffer.wrap(bytes).putInt(at, value);
  }

  @Override
  public void write(int value) {
    makeRoom(1);
    bytes[length++] = (byte) value;
  }

  @Override
  public void write(byte[] from, int offset, int count) {
    makeRoom(count);
    System.arraycopy(from, offset, bytes, length, count);
    length += count;
  }
}
