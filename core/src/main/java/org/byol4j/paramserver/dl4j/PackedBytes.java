package org.byol4j.paramserver.dl4j;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * Bytes in fewer bytes: Huffman's code alone, as RFC 1951 writes it, since bitmaps have frequent
 * bytes but hardly any repetitions. A bitmap of which a tenth is sent takes half of its room.
 *
 * <pre>
 *  0        4
 *  +--------+-----------------------+
 *  | length | the bytes, deflated   |      length: of what was packed, int32, big-endian
 *  +--------+-----------------------+
 * </pre>
 */
final class PackedBytes {
  private static final int LENGTH_BYTES = Integer.BYTES;

  private PackedBytes() {}

  /**
   * The most bytes that so many bytes take, by zlib's bound for any settings (deflateBound), as far
   * as an array reaches.
   */
  static int mostBytes(int length) {
    long bound = LENGTH_BYTES + (long) length + ((length + 7L) >> 3) + ((length + 63L) >> 6) + 5;
    return (int) Math.min(bound, Integer.MAX_VALUE);
  }

  /** Packs {@code bytes}. */
  static byte[] pack(byte[] bytes) {
    Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
    try {
      deflater.setStrategy(Deflater.HUFFMAN_ONLY);
      deflater.setInput(bytes);
      deflater.finish();
      byte[] packed = new byte[mostBytes(bytes.length)];
      ByteBuffer.wrap(packed).putInt(bytes.length);
      int end = LENGTH_BYTES;
      // the first call may do no more than take over the strategy
      while (!deflater.finished()) {
        end += deflater.deflate(packed, end, packed.length - end);
      }
      return Arrays.copyOf(packed, end);
    } finally {
      deflater.end();
    }
  }

  /**
   * Gives back what was packed.
   *
   * @param packed what remains in it, which is read
   * @param mostBytes the most bytes that are taken
   * @throws RefusedMessageException if there are more, before anything is allocated, or if {@code
   *     packed} is damaged
   */
  static byte[] unpack(ByteBuffer packed, int mostBytes) {
    int length = packed.remaining() < LENGTH_BYTES ? -1 : packed.getInt();
    if (length < 0 || length > mostBytes) {
      throw new RefusedMessageException(
          "packed bytes have lengthBytes=%d, expected 0 to %d".formatted(length, mostBytes));
    }
    byte[] bytes = new byte[length];
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(packed);
      int taken = inflater.inflate(bytes);
      // the end of the code is still to be read, into no room at all
      boolean isWhole =
          taken == length && inflater.inflate(new byte[1]) == 0 && inflater.finished();
      if (!isWhole || packed.hasRemaining()) {
        throw new RefusedMessageException(
            "packed bytes do not end at lengthBytes=%d".formatted(length));
      }
      return bytes;
    } catch (DataFormatException e) {
      throw new RefusedMessageException("packed bytes are damaged: " + e.getMessage(), e);
    } finally {
      inflater.end();
    }
  }
}
