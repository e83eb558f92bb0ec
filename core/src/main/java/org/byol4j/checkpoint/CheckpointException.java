package org.byol4j.checkpoint;

/**
 * A checkpoint is damaged, missing, of an unknown format, or of another run; trying again is no
 * use.
 */
public final class CheckpointException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public CheckpointException(String message) {
    super(message);
  }

  public CheckpointException(String message, Throwable cause) {
    super(message, cause);
  }
}
