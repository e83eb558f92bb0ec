package org.byol4j.optim;

/**
 * The share of itself that the target network keeps, as a pure function of the optimizer step:
 * {@code 1 - (1 - base) * (cos(pi * k / K) + 1) / 2} (Grill et al. 2020, section 3.3), or constant.
 *
 * @param settings the share at step 0, and whether it rises
 * @param totalSteps how many steps the run has
 */
public record TargetDecay(TargetSettings settings, long totalSteps) {

  /**
   * The share of a step, within [0,1]: that of the settings at step 0, and, unless it is constant,
   * 1 from {@code totalSteps} on, where the target stands still.
   *
   * @param step how many optimizer steps came before, at least 0
   */
  public double at(long step) {
    return switch (settings.schedule()) {
      case COSINE -> 1 - (1 - settings.baseDecay()) * HalfCosine.at(step, totalSteps);
      case CONSTANT -> settings.baseDecay();
    };
  }
}
