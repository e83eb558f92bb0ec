package org.byol4j.nn;

/**
 * A differentiable function of one tensor and of named parameters: an immutable description,
 * planned any number of times.
 */
interface Layer {

  /** Declares parameters and running statistics, in the order in which they lie in memory. */
  void declare(Declarations declarations);

  /**
   * Plans the forward pass. The caller keeps its hold on {@code x}; what the backward pass needs is
   * retained here.
   */
  Traced forward(Planner plan, Slot x);

  /** A planned forward pass: its output, held by the caller, and the way back. */
  record Traced(Slot output, Backward backward) {}

  /** The way back through a planned layer (reverse-mode differentiation). */
  @FunctionalInterface
  interface Backward {

    /**
     * Plans the backward pass: takes the gradient with respect to the output, adds to the
     * parameters' gradients and returns the gradient with respect to the input. Called at most
     * once.
     */
    Gradient plan(Gradient outputGradient);
  }
}
