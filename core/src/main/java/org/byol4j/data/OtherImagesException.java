package org.byol4j.data;

/** A source does not hold the images that were asked for; nothing was replaced by what it holds. */
public final class OtherImagesException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public OtherImagesException(String message) {
    super(message);
  }

  /**
   * One that names both.
   *
   * @param before the images that were asked for, as far as they are known
   * @param now what the source holds
   */
  public static OtherImagesException of(String before, String now) {
    return new OtherImagesException("images: %s -> %s".formatted(before, now));
  }
}
