package org.byol4j.paramserver.dl4j;

/** Bytes that another replica has sent are no message, or not the one that they should be. */
final class RefusedMessageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final int MOST_SHOWN = 64;

  RefusedMessageException(String message) {
    super(message);
  }

  RefusedMessageException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * The beginning of a text that was received, without what would break a line of the log or draw
   * over it.
   */
  static String shown(String text) {
    return text.substring(0, Math.min(text.length(), MOST_SHOWN))
        .replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", "");
  }
}
