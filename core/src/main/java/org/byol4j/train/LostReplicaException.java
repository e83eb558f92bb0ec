package org.byol4j.train;

/** Replicas were lost, through no fault of data or settings: the run can go on without them. */
public final class LostReplicaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public LostReplicaException(String message, Throwable cause) {
    super(message, cause);
  }
}
