package org.byol4j.spark;

/** The cluster, or what it was told, does not allow the run; nothing was started. */
public final class ClusterException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ClusterException(String message) {
    super(message);
  }
}
