package org.byol4j.image;

import java.nio.ByteBuffer;
import org.byol4j.image.ImageException.Reason;

/**
 * Walks the segments of a JPEG stream (ITU-T T.81, annex B) without decoding it: start of image,
 * frame header, scans, end of image.
 */
final class JpegStructure {
  private static final int START_OF_IMAGE = 0xd8;
  private static final int END_OF_IMAGE = 0xd9;
  private static final int START_OF_SCAN = 0xda;
  private static final int TEMPORARY = 0x01;

  /** Precision (1), height (2), width (2), components (1). */
  private static final int FRAME_HEADER_BYTES = 6;

  private static final long LOW_BITS = 0x0101010101010101L;
  private static final long HIGH_BITS = 0x8080808080808080L;

  private final ByteBuffer bytes;
  private final int end;
  private int position = 2;

  /**
   * @param bytes from 0 to its limit, big-endian
   */
  JpegStructure(ByteBuffer bytes) {
    this.bytes = bytes;
    this.end = bytes.limit();
  }

  static boolean matches(ByteBuffer bytes) {
    return bytes.limit() >= 3
        && (bytes.getShort(0) & 0xffff) == (0xff00 | START_OF_IMAGE)
        && bytes.get(2) == (byte) 0xff;
  }

  /** Walks to the end of the image; the header's sides come from its first frame. */
  ImageHeader read() throws ImageException {
    ImageHeader header = null;
    boolean scanned = false;
    while (true) {
      int marker = nextMarker();
      if (marker == END_OF_IMAGE) {
        if (header == null || !scanned) {
          throw new ImageException(
              Reason.CORRUPT,
              "JPEG ends without %s: bytes=%d"
                  .formatted(header == null ? "a frame" : "a scan", end));
        }
        return header;
      }
      if (marker == TEMPORARY || marker == START_OF_IMAGE || isRestart(marker)) {
        continue;
      }
      int length = segmentLength(marker);
      if (isFrame(marker) && header == null) {
        header = frame(length);
      }
      position += length;
      if (marker == START_OF_SCAN) {
        scanned = true;
        skipEntropyCodedData();
      }
    }
  }

  /** Leaves the position behind the next marker; bytes that are none are passed over (B.1.1.2). */
  private int nextMarker() throws ImageException {
    while (position + 1 < end) {
      int code = bytes.get(position + 1) & 0xff;
      if (bytes.get(position) == (byte) 0xff && code != 0 && code != 0xff) {
        position += 2;
        return code;
      }
      position++;
    }
    throw new ImageException(
        Reason.TRUNCATED, "JPEG stops without its end mark (ff d9): bytes=" + end);
  }

  private int segmentLength(int marker) throws ImageException {
    if (position + 2 > end) {
      throw new ImageException(
          Reason.TRUNCATED, "JPEG stops in segment %02x: bytes=%d".formatted(marker, end));
    }
    int length = bytes.getShort(position) & 0xffff;
    if (length < 2) {
      throw new ImageException(
          Reason.CORRUPT,
          "JPEG segment %02x has length=%d at byte=%d, expected at least 2"
              .formatted(marker, length, position));
    }
    if (position + length > end) {
      throw new ImageException(
          Reason.TRUNCATED,
          "JPEG stops in segment %02x: bytes=%d expected=%d"
              .formatted(marker, end, position + length));
    }
    return length;
  }

  private ImageHeader frame(int length) throws ImageException {
    if (length < 2 + FRAME_HEADER_BYTES) {
      throw new ImageException(
          Reason.CORRUPT, "JPEG frame header has length=%d, expected at least 8".formatted(length));
    }
    int height = bytes.getShort(position + 3) & 0xffff;
    int width = bytes.getShort(position + 5) & 0xffff;
    if (height == 0 || width == 0) {
      throw new ImageException(
          Reason.CORRUPT,
          "JPEG frame is empty: height=%d width=%d, expected at least 1".formatted(height, width));
    }
    return new ImageHeader(ImageHeader.Format.JPEG, height, width);
  }

  /**
   * Stops at the next {@code ff} that a stuffed zero, a restart or a fill byte does not explain.
   */
  private void skipEntropyCodedData() {
    while (position + 1 < end) {
      if (position + Long.BYTES <= end && !hasMarkerByte(bytes.getLong(position))) {
        position += Long.BYTES;
        continue;
      }
      if (bytes.get(position) == (byte) 0xff) {
        int code = bytes.get(position + 1) & 0xff;
        if (code != 0 && code != 0xff && !isRestart(code)) {
          return;
        }
      }
      position++;
    }
  }

  /** Whether one of eight bytes is {@code ff}. */
  private static boolean hasMarkerByte(long eight) {
    return ((~eight - LOW_BITS) & eight & HIGH_BITS) != 0;
  }

  private static boolean isRestart(int marker) {
    return marker >= 0xd0 && marker <= 0xd7;
  }

  /** SOF0 to SOF15; between them lie DHT (c4), JPG (c8) and DAC (cc). */
  private static boolean isFrame(int marker) {
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
  }
}
