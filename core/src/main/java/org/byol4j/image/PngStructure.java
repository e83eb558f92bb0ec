package org.byol4j.image;

import java.nio.ByteBuffer;
import java.util.zip.CRC32;
import org.byol4j.image.ImageException.Reason;

/**
 * Walks the chunks of a PNG stream (W3C PNG, section 5) without decoding it, and checks each one's
 * checksum.
 */
final class PngStructure {
  private static final long SIGNATURE = 0x89504e470d0a1a0aL;
  private static final int HEADER = 0x49484452;
  private static final int DATA = 0x49444154;
  private static final int END = 0x49454e44;
  private static final int HEADER_BYTES = 13;

  /** Length and type before the content, checksum behind it. */
  private static final int FRAMING_BYTES = 12;

  private final ByteBuffer bytes;
  private final int end;
  private final CRC32 checksum = new CRC32();

  /**
   * @param bytes from 0 to its limit, big-endian
   */
  PngStructure(ByteBuffer bytes) {
    this.bytes = bytes;
    this.end = bytes.limit();
  }

  static boolean matches(ByteBuffer bytes) {
    return bytes.limit() >= Long.BYTES && bytes.getLong(0) == SIGNATURE;
  }

  /** Walks to the end chunk. */
  ImageHeader read() throws ImageException {
    ImageHeader header = null;
    boolean hasData = false;
    int position = Long.BYTES;
    while (true) {
      int length = chunkLength(position);
      int type = bytes.getInt(position + 4);
      checkSum(position, length, type);
      if (header == null) {
        header = header(position, length, type);
      }
      hasData |= type == DATA;
      if (type == END) {
        if (!hasData) {
          throw new ImageException(Reason.CORRUPT, "PNG has no data chunk: bytes=" + end);
        }
        return header;
      }
      position += FRAMING_BYTES + length;
    }
  }

  private int chunkLength(int position) throws ImageException {
    if (end - position < FRAMING_BYTES) {
      throw new ImageException(Reason.TRUNCATED, "PNG stops without its end chunk: bytes=" + end);
    }
    int length = bytes.getInt(position);
    if (length < 0) {
      throw new ImageException(
          Reason.CORRUPT,
          "PNG chunk at byte=%d has length=%d, expected at most 2147483647"
              .formatted(position, Integer.toUnsignedLong(length)));
    }
    if (length > end - position - FRAMING_BYTES) {
      throw new ImageException(
          Reason.TRUNCATED,
          "PNG stops in a chunk: bytes=%d expected=%d"
              .formatted(end, (long) position + FRAMING_BYTES + length));
    }
    return length;
  }

  private void checkSum(int position, int length, int type) throws ImageException {
    checksum.reset();
    checksum.update(bytes.slice(position + 4, 4 + length));
    int expected = bytes.getInt(position + 8 + length);
    if ((int) checksum.getValue() != expected) {
      throw new ImageException(
          Reason.CORRUPT,
          "PNG chunk %08x at byte=%d has checksum=%08x, expected %08x"
              .formatted(type, position, checksum.getValue(), expected));
    }
  }

  private ImageHeader header(int position, int length, int type) throws ImageException {
    if (type != HEADER || length != HEADER_BYTES) {
      throw new ImageException(
          Reason.CORRUPT,
          "PNG starts with chunk %08x of length=%d, expected %08x of length=%d"
              .formatted(type, length, HEADER, HEADER_BYTES));
    }
    int width = bytes.getInt(position + 8);
    int height = bytes.getInt(position + 12);
    if (width <= 0 || height <= 0) {
      throw new ImageException(
          Reason.CORRUPT,
          "PNG is empty: height=%d width=%d, expected at least 1".formatted(height, width));
    }
    return new ImageHeader(ImageHeader.Format.PNG, height, width);
  }
}
