package org.byol4j.eval;

/** The images or features that were to be evaluated cannot be: the data must change. */
public final class EvaluationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public EvaluationException(String message) {
    super(message);
  }
}
