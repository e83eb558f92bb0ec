package org.byol4j.data;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Locale;
import org.byol4j.image.ImageDecoder;
import org.byol4j.image.ImageException;

/**
 * Whether a file is an image that can be used.
 *
 * @param fault why it cannot, or empty
 * @param contentHash SHA-256 of a good image's bytes, in hexadecimal
 */
record Verdict(String fault, String contentHash) {

  static Verdict bad(String fault) {
    return new Verdict(fault, "");
  }

  /** Decodes the image to find out. */
  static Verdict of(byte[] encoded, ImageDecoder decoder) {
    try {
      decoder.decode(ByteBuffer.wrap(encoded));
    } catch (ImageException e) {
      return bad(e.reason().name().toLowerCase(Locale.ROOT).replace('_', ' '));
    }
    return new Verdict("", HexFormat.of().formatHex(Fingerprint.sha256().digest(encoded)));
  }

  boolean isGood() {
    return fault.isEmpty();
  }
}
