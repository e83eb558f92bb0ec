package org.byol4j.train;

/** The representation has collapsed, and the settings say that the run ends then. */
public final class CollapsedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public CollapsedException(String message) {
    super(message);
  }
}
