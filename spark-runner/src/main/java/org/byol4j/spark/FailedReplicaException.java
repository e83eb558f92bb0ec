package org.byol4j.spark;

/**
 * What Spark is told of a replica that failed: its failure's text and stack trace, but not the
 * failure itself, as Spark ends a whole process for some.
 */
final class FailedReplicaException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private FailedReplicaException(String message) {
    super(message);
  }

  static FailedReplicaException of(int rank, Throwable failure) {
    FailedReplicaException told =
        new FailedReplicaException("replica rank=%d: %s".formatted(rank, failure));
    told.setStackTrace(failure.getStackTrace());
    return told;
  }
}
