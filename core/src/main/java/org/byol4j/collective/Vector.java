package org.byol4j.collective;

import java.nio.ByteBuffer;

/**
 * A long sequence of float32 or float64 values that a collective reads and writes piece by piece. A
 * buffer that was handed out is valid until the next call of the same method: one range at a time
 * is read, and one, of the same elements or others, is written. {@link #beginRead} counts as
 * reading.
 */
public interface Vector {

  /** The number of elements. */
  long length();

  /**
   * What holds the elements: a collective that recognizes it may go there directly, without the
   * methods below. All replicas call an operation with vectors that are held alike.
   */
  default Object holder() {
    return this;
  }

  /** 4 for float32, 8 for float64; what is only gathered may have elements of any size. */
  int elementBytes();

  /**
   * Begins to bring the elements {@code [from, from + count)}, if they are not at hand; {@link
   * #read} of the same range waits for them. Nobody changes them before that.
   */
  default void beginRead(long from, int count) {}

  /** The elements {@code [from, from + count)} in native byte order, for reading. */
  ByteBuffer read(long from, int count);

  /**
   * The same elements for reading, where what was handed out stays valid whatever is read
   * elsewhere; the same for the same number. This vector itself where reading copies nothing.
   */
  default Vector reader(int number) {
    return this;
  }

  /**
   * Where the elements {@code [from, from + count)} go; {@link #written} follows when they are
   * there.
   */
  ByteBuffer write(long from, int count);

  /** Says that the elements handed out by {@link #write} have been put there. */
  void written(long from, int count);
}
