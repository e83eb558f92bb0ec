package org.byol4j.spark;

/** The cluster, or what it was told, does not allow the run; nothing was started. */
public final class ClusterException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Tells of what we do not allow. */
  public ClusterException(String message) {
    super(message);
  }

  /** Tells of what Spark does not allow. */
  public ClusterException(String message, Throwable cause) {
    super(message, cause);
  }
}
