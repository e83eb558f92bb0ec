package org.byol4j.eval;

import java.util.Locale;

/**
 * Looks at the measures of a collapse every now and then and says what follows.
 *
 * <p>One unhealthy look is not a collapse: {@link CollapseSettings#patience} in a row are. Their
 * number belongs to the state of a run and goes into its checkpoints.
 */
public final class CollapseWatch {

  /**
   * The outcome of a look.
   *
   * @param collapsed whether so many looks in a row were unhealthy that it counts as a collapse
   * @param stop whether the run must stop for it
   * @param message what was found, with the values and what was expected; empty after a healthy look
   */
  public record Verdict(boolean collapsed, boolean stop, String message) {}

  private final CollapseSettings settings;
  private final double minStd;
  private int unhealthyLooks;

  /**
   * Starts or goes on with a watch.
   *
   * @param width of the projections
   * @param unhealthyLooks how many looks in a row have been unhealthy, 0 in a new run
   */
  public CollapseWatch(CollapseSettings settings, int width, int unhealthyLooks) {
    this.settings = settings;
    this.minStd = settings.minStd() / Math.sqrt(width);
    this.unhealthyLooks = unhealthyLooks;
  }

  /** How many looks in a row have been unhealthy. */
  public int unhealthyLooks() {
    return unhealthyLooks;
  }

  /** Whether to look after a step: every {@code everySteps} steps, from step 0 on. */
  public boolean isLook(long step) {
    return settings.policy() != CollapseSettings.Policy.OFF && step % settings.everySteps() == 0;
  }

  /**
   * Judges the measures of a step; one that is not a number is not healthy.
   *
   * @param featureStd the mean over features of the std of normalized projections
   * @param effectiveRank as of {@link CollapseMeasures#effectiveRank}
   */
  public Verdict look(long step, double featureStd, double effectiveRank) {
    if (featureStd >= minStd && effectiveRank >= settings.minRank()) {
      unhealthyLooks = 0;
      return new Verdict(false, false, "");
    }
    unhealthyLooks++;
    boolean collapsed = unhealthyLooks >= settings.patience();
    return new Verdict(
        collapsed,
        collapsed && settings.policy() == CollapseSettings.Policy.STOP,
        String.format(
            Locale.ROOT,
            "%s: step=%d feature_std=%.6f effective_rank=%.3f unhealthy_looks=%d, expected"
                + " feature_std >= %.6f and effective_rank >= %s",
            collapsed ? "representation has collapsed" : "representation looks collapsed",
            step,
            featureStd,
            effectiveRank,
            unhealthyLooks,
            minStd,
            settings.minRank()));
  }
}
