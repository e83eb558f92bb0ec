package org.byol4j.paramserver.sharing;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.byol4j.collective.Vector;

/** Integers that a collective gathers, in memory that grows as needed and is used again. */
final class GatheredWords implements Vector {
  private ByteBuffer toRead = ByteBuffer.allocateDirect(0);
  private ByteBuffer toWrite = toRead;
  private int length;

  /** Makes room for {@code words} integers, whose values are not defined. */
  void resize(int words) {
    int bytes = Math.multiplyExact(words, Integer.BYTES);
    if (bytes > toRead.capacity()) {
      toRead = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
      toWrite = toRead.duplicate().order(ByteOrder.nativeOrder());
    }
    length = words;
  }

  /** Puts {@code words} in, from index {@code at} on. */
  void put(int at, int[] words) {
    window(toWrite, at, words.length).asIntBuffer().put(words);
  }

  /** The integers {@code [from, to)}. */
  int[] get(int from, int to) {
    int[] words = new int[to - from];
    window(toRead, from, words.length).asIntBuffer().get(words);
    return words;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public int elementBytes() {
    return Integer.BYTES;
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
    int start = Math.toIntExact(from * Integer.BYTES);
    return buffer.limit(start + count * Integer.BYTES).position(start);
  }
}
