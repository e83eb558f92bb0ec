package org.byol4j.nn;

/** The way back through a pass that was planned without one. */
enum NoWayBack implements Layer.Backward {
  INSTANCE;

  @Override
  public Gradient plan(Gradient outputGradient) {
    throw new IllegalStateException("this pass was planned without a backward pass");
  }
}
