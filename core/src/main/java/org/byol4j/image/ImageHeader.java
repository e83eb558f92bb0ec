package org.byol4j.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.byol4j.image.ImageException.Reason;

/**
 * What encoded bytes say of themselves before any pixel is decoded.
 *
 * @param format the encoding
 * @param height rows as stored, before any EXIF orientation
 * @param width columns as stored, before any EXIF orientation
 */
public record ImageHeader(Format format, int height, int width) {

  /** The encodings that are understood. */
  public enum Format {
    JPEG,
    PNG
  }

  /**
   * Reads the header and checks that the bytes run on to the format's end mark, because decoders
   * fill what is missing with gray or with the row before instead of failing.
   *
   * @param encoded from its position to its limit; both stay as they are
   * @throws ImageException with {@code EMPTY}, {@code UNKNOWN_FORMAT}, {@code TRUNCATED} or {@code
   *     CORRUPT}
   */
  public static ImageHeader read(ByteBuffer encoded) throws ImageException {
    ByteBuffer bytes = encoded.slice().order(ByteOrder.BIG_ENDIAN);
    if (bytes.limit() == 0) {
      throw new ImageException(Reason.EMPTY, "image has no bytes");
    }
    if (JpegStructure.matches(bytes)) {
      return new JpegStructure(bytes).read();
    }
    if (PngStructure.matches(bytes)) {
      return new PngStructure(bytes).read();
    }
    throw new ImageException(
        Reason.UNKNOWN_FORMAT,
        "bytes start neither as JPEG (ff d8 ff) nor as PNG: " + firstBytes(bytes));
  }

  /** Height times width. */
  public long pixels() {
    return (long) height * width;
  }

  private static String firstBytes(ByteBuffer bytes) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < Math.min(8, bytes.limit()); i++) {
      text.append(i == 0 ? "" : " ").append(String.format("%02x", bytes.get(i)));
    }
    return text.toString();
  }
}
