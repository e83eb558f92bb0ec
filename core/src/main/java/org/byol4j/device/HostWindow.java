package org.byol4j.device;

import java.nio.ByteBuffer;

/**
 * A tensor's elements as the host sees them, a piece at a time, so that tensors beyond 2 GiB need
 * no special care. One range at a time is read, and one, of the same elements or others, is
 * written. Another thread than the device's may do so as long as no operation of the device touches
 * the tensor.
 */
public interface HostWindow {

  /** The number of elements. */
  long length();

  /** 4 for float32, 8 for float64. */
  int elementBytes();

  /**
   * Begins to bring the elements {@code [from, from + count)}, if they are not at hand; {@link
   * #read} of the same range waits for them. Nobody changes them before that, and what was read
   * before is no longer valid.
   */
  default void beginRead(long from, int count) {}

  /**
   * The elements {@code [from, from + count)} in native byte order, for reading; on a CPU it is the
   * memory itself.
   */
  ByteBuffer read(long from, int count);

  /**
   * The same elements for reading, where what was handed out stays valid whatever is read
   * elsewhere; the same for the same number. This window itself where reading copies nothing.
   */
  default HostWindow reader(int number) {
    return this;
  }

  /**
   * Where the elements {@code [from, from + count)} are to be put; {@link #written} must follow
   * when they are.
   */
  ByteBuffer write(long from, int count);

  /** Says that the elements handed out by {@link #write} have been put there. */
  void written(long from, int count);
}
