package org.byol4j.paramserver.dl4j;

import java.nio.ByteBuffer;
import org.byol4j.collective.Vector;

/** Bytes that a collective gathers, in memory that grows as needed and is used again. */
final class ByteVector implements Vector {
  private ByteBuffer toRead = ByteBuffer.allocateDirect(0);
  private ByteBuffer toWrite = toRead;
  private int length;

  /** Makes room for {@code bytes}, whose values are not defined. */
  void resize(int bytes) {
    if (bytes > toRead.capacity()) {
      toRead = ByteBuffer.allocateDirect(bytes);
      toWrite = toRead.duplicate();
    }
    length = bytes;
  }

  @Override
  public long length() {
    return length;
  }

  @Override
  public int elementBytes() {
    return 1;
  }

  @Override
  public ByteBuffer read(long from, int count) {
    return toRead.limit((int) from + count).position((int) from);
  }

  @Override
  public ByteBuffer write(long from, int count) {
    return toWrite.limit((int) from + count).position((int) from);
  }

  @Override
  public void written(long from, int count) {}
}
