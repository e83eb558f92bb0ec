package org.byol4j.optim;

/**
 * How the target network follows the online network ({@code target.*}).
 *
 * @param baseDecay the share of itself that the target keeps at step 0, in [0,1]
 * @param schedule whether that share rises to 1 along a cosine or stays
 * @param update when the target moves
 */
public record TargetSettings(double baseDecay, Schedule schedule, Update update) {

  /** {@code COSINE}: Grill et al. 2020, section 3.3. */
  public enum Schedule {
    COSINE,
    CONSTANT
  }

  /** {@code AFTER_STEP}: behind the optimizer; {@code BEFORE_FORWARD}: as lightly's examples do. */
  public enum Update {
    AFTER_STEP,
    BEFORE_FORWARD
  }
}
