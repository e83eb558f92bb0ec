package org.byol4j.spark;

/** The cluster did not offer enough slots in time; it may later. */
public final class NoSlotsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NoSlotsException(String message) {
    super(message);
  }
}
