package org.byol4j.metrics;

/** A file of metrics is not what it should be. */
public final class MetricsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public MetricsException(String message, Throwable cause) {
    super(message, cause);
  }
}
