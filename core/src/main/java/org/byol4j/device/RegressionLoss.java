package org.byol4j.device;

/**
 * BYOL's loss of one view (Grill et al. 2020, eq. 2), bound to its tensors. Running it makes the
 * gradient; its one figure is the sum over the local rows of {@code |q/|q| - z/|z||^2 = 2 - 2 cos},
 * not yet divided by the batch.
 */
public interface RegressionLoss extends Measure {

  @Override
  default int length() {
    return 1;
  }
}
