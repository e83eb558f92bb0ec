package org.byol4j.device;

/** BYOL's loss of one view (Grill et al. 2020, eq. 2), bound to its tensors. */
@FunctionalInterface
public interface RegressionLoss {

  /**
   * Makes the gradient and returns the sum over the local rows of {@code |q/|q| - z/|z||^2 = 2 - 2
   * cos}, not yet divided by the batch.
   */
  double run();
}
