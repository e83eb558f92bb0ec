package org.byol4j.paramserver.dl4j;

import java.nio.ByteBuffer;
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

  /** Packs {@code bytes}, and puts that into {@code packed} in place of what is there. */
  static void pack(ReusedBytes bytes, ReusedBytes packed) {
    Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
    try {
      deflater.setStrategy(Deflater.HUFFMAN_ONLY);
      deflater.setInput(bytes.view());
      deflater.finish();
      packed.clear();
      packed.writeInt(bytes.length());
      int most = mostBytes(bytes.length());
      // the first call may do no more than take over the strategy
      while (!deflater.finished()) {
        packed.added(deflater.deflate(packed.rest(most - packed.length())));
      }
    } finally {
      deflater.end();
    }
  }

  /**
   * Puts what was packed into {@code bytes}, in place of what is there.
   *
   * @param packed what remains in it, which is read
   * @param mostBytes the most bytes that are taken
   * @throws RefusedMessageException if there are more, before anything is allocated, or if {@code
   *     packed} is damaged
   */
  static void unpack(ByteBuffer packed, int mostBytes, ReusedBytes bytes) {
    int length = packed.remaining() < LENGTH_BYTES ? -1 : packed.getInt();
    if (length < 0 || length > mostBytes) {
      throw new RefusedMessageException(
          "packed bytes have lengthBytes=%d, expected 0 to %d".formatted(length, mostBytes));
    }
    bytes.clear();
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(packed);
      int taken = inflater.inflate(bytes.rest(length));
      // the end of the code is still to be read, into no room at all
      boolean isWhole =
          taken == length && inflater.inflate(new byte[1]) == 0 && inflater.finished();
      if (!isWhole || packed.hasRemaining()) {
        throw new RefusedMessageException(
            "packed bytes do not end at lengthBytes=%d".formatted(length));
      }
      bytes.added(length);
    } catch (DataFormatException e) {
      throw new RefusedMessageException("packed bytes are damaged: " + e.getMessage(), e);
    } finally {
      inflater.end();
    }
  }
}
