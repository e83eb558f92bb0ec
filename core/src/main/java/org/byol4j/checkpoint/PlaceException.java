package org.byol4j.checkpoint;

/**
 * What a user points at can never be used for what it is meant for, such as a file where a folder
 * is to be; another place is needed.
 */
public final class PlaceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Tells of a place, and of what was expected. */
  public PlaceException(String message) {
    super(message);
  }

  /** Tells of a place, and of what was said of it. */
  public PlaceException(String message, Throwable cause) {
    super(message, cause);
  }
}
