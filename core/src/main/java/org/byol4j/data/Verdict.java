package org.byol4j.data;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Locale;
import org.byol4j.image.ImageDecoder;
import org.byol4j.image.ImageException;

/** Whether a file is an image that can be used, and what it holds if it is. */
public final class Verdict {
  private static final byte[] NOTHING = {};

  private final String fault;
  private final byte[] encoded;
  private final byte[] contentHash;

  private Verdict(String fault, byte[] encoded, byte[] contentHash) {
    this.fault = fault;
    this.encoded = encoded;
    this.contentHash = contentHash;
  }

  /** That of a file that is bad for {@code fault}. */
  public static Verdict bad(String fault) {
    return new Verdict(fault, NOTHING, NOTHING);
  }

  /** SHA-256 of {@code bytes}. */
  public static byte[] hashOf(byte[] bytes) {
    return Fingerprint.sha256().digest(bytes);
  }

  /** Reads and decodes the image to find out. */
  public static Verdict of(ImageSource.Encoded file, ImageDecoder decoder) {
    try {
      byte[] encoded = file.read();
      decoder.decode(ByteBuffer.wrap(encoded));
      return new Verdict("", encoded, Fingerprint.sha256().digest(encoded));
    } catch (IOException e) {
      return bad("unreadable");
    } catch (ImageException e) {
      return bad(e.reason().name().toLowerCase(Locale.ROOT).replace('_', ' '));
    }
  }

  /** Whether the image can be used. */
  public boolean isGood() {
    return fault.isEmpty();
  }

  /** Why it is bad; empty if it is good. */
  public String fault() {
    return fault;
  }

  /** A good image's bytes. */
  public byte[] encoded() {
    return encoded;
  }

  /** SHA-256 of a good image's bytes. */
  public byte[] contentHash() {
    return contentHash;
  }
}
