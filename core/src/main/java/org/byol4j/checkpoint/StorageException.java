package org.byol4j.checkpoint;

/** The storage refused, though it was asked several times; a later try may succeed. */
public final class StorageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Tells of a refusal elsewhere. */
  public StorageException(String message) {
    super(message);
  }

  public StorageException(String message, Throwable cause) {
    super(message, cause);
  }
}
