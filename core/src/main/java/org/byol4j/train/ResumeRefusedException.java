package org.byol4j.train;

/** A run's folder holds something that this run must not continue. */
public final class ResumeRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ResumeRefusedException(String message) {
    super(message);
  }
}
