package org.byol4j.paramserver.dl4j;

/** Bytes that another replica has sent are no message, or not the one that they should be. */
final class RefusedMessageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RefusedMessageException(String message) {
    super(message);
  }

  RefusedMessageException(String message, Throwable cause) {
    super(message, cause);
  }
}
