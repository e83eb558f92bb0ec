package org.byol4j.train;

/** Replicas were lost, through no fault of data or settings: the run can go on without them. */
public final class LostReplicaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Tells how replicas were lost.
   *
   * @param cause what the loss was noticed by
   */
  public LostReplicaException(String message, Throwable cause) {
    super(message, cause);
  }
}
