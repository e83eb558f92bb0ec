package org.byol4j.optim;

/**
 * The learning rate as a pure function of the optimizer step: a linear rise from 0 over the
 * warm-up, then a half cosine to 0 (Grill et al. 2020, section 3.3).
 *
 * @param peak the rate at the end of the warm-up
 * @param warmupSteps how many steps the rise takes
 * @param totalSteps how many steps the run has
 */
public record LearningRate(double peak, long warmupSteps, long totalSteps) {

  /** The schedule of a run; the peak scales linearly with the batch. */
  public static LearningRate of(
      OptimizerSettings settings, int batchSize, int stepsPerEpoch, long totalSteps) {
    return new LearningRate(
        settings.baseLearningRate() * batchSize / settings.referenceBatch(),
        Math.round(settings.warmupEpochs() * stepsPerEpoch),
        totalSteps);
  }

  /**
   * The rate of a step: 0 at step 0 if there is a warm-up, the peak at step {@code warmupSteps}, 0
   * from {@code totalSteps} on.
   *
   * @param step how many optimizer steps came before, at least 0
   */
  public double at(long step) {
    return step < warmupSteps
        ? peak * (double) step / (double) warmupSteps
        : peak * HalfCosine.at(step - warmupSteps, totalSteps - warmupSteps);
  }
}
