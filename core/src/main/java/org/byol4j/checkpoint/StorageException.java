package org.byol4j.checkpoint;

/**
 * The storage refused; if it was to write a checkpoint, several times in a row. A later try may
 * succeed.
 */
public final class StorageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Tells of a refusal elsewhere. */
  public StorageException(String message) {
    super(message);
  }

  /** Tells of a refusal here, and of what it was. */
  public StorageException(String message, Throwable cause) {
    super(message, cause);
  }
}
