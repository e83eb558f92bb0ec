package org.byol4j.image;

/** Says that bytes are not an image that can be decoded, and why. */
public final class ImageException extends Exception {
  private static final long serialVersionUID = 1L;

  /** What is wrong with the bytes, coarse enough to be counted. */
  public enum Reason {
    /** There are no bytes. */
    EMPTY,
    /** They start neither as a JPEG nor as a PNG. */
    UNKNOWN_FORMAT,
    /** They stop before the format's end mark. */
    TRUNCATED,
    /** They break the format's rules. */
    CORRUPT,
    /** The image has more pixels than allowed. */
    TOO_LARGE
  }

  private final Reason reason;

  /**
   * @param detail what was found and what was expected; lower case, no full stop
   */
  public ImageException(Reason reason, String detail) {
    super(detail);
    this.reason = reason;
  }

  /** The kind of fault. */
  public Reason reason() {
    return reason;
  }
}
