package org.byol4j.spark;

/** The cluster did not offer enough slots in time, or none at all; it may later. */
public final class NoSlotsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NoSlotsException(String message) {
    super(message);
  }

  /** Tells of a Spark that has ended by itself, as it does when no master answers. */
  static NoSlotsException afterTheEnd(String master) {
    return new NoSlotsException(
        "Spark has ended by itself: spark.master=%s, expected a cluster that answers"
            .formatted(master));
  }
}
