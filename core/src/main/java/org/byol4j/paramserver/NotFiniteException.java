package org.byol4j.paramserver;

/** A loss or a gradient is infinite or not a number. Every replica throws it in the same step. */
public final class NotFiniteException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private NotFiniteException(String message) {
    super(message);
  }

  /** Names what is not finite: {@code loss}, or the gradient of a tensor. */
  public static NotFiniteException of(String what, double value, long step) {
    return new NotFiniteException(
        "not finite: %s=%s step=%d, expected a finite value; no weight was changed in this step"
            .formatted(what, value, step));
  }
}
