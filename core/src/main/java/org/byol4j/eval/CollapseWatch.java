package org.byol4j.eval;

import java.util.Locale;

/**
 * Looks at the measures of a collapse every now and then and says what follows.
 *
 * <p>A single bad look is not a collapse: {@link CollapseSettings#patience} in a row are. The
 * number of bad looks so far belongs to the state of a run and goes into its checkpoints.
 */
public final class CollapseWatch {

  /** What follows from a look. */
  public enum Action {
    /** Nothing, so far. */
    GO_ON,
    /** The run tells of the finding and goes on. */
    WARN,
    /** The run ends. */
    STOP
  }

  /**
   * The outcome of a look.
   *
   * @param finding what is wrong, with the values and what was expected; empty if nothing is
   */
  public record Verdict(Action action, String finding) {}

  private final CollapseSettings settings;
  private final double minStd;
  private int badLooks;

  /**
   * Starts or goes on with a watch.
   *
   * @param width of the projections
   * @param badLooks how many looks in a row have been bad, 0 in a new run
   */
  public CollapseWatch(CollapseSettings settings, int width, int badLooks) {
    this.settings = settings;
    this.minStd = settings.minStd() / Math.sqrt(width);
    this.badLooks = badLooks;
  }

  /** How many looks in a row have been bad. */
  public int badLooks() {
    return badLooks;
  }

  /** Whether to look after a step, counted from 0: after every {@code everySteps} steps. */
  public boolean isDue(long step) {
    return settings.policy() != CollapseSettings.Policy.OFF
        && (step + 1) % settings.everySteps() == 0;
  }

  /**
   * Judges the measures of a step; one that is not a number is bad.
   *
   * @param featureStd as of {@link CollapseMeasures#featureStd}
   * @param effectiveRank as of {@link EffectiveRank#of}
   */
  public Verdict look(double featureStd, double effectiveRank) {
    boolean isHealthy = featureStd >= minStd && effectiveRank >= settings.minRank();
    if (settings.policy() == CollapseSettings.Policy.OFF || isHealthy) {
      badLooks = 0;
      return new Verdict(Action.GO_ON, "");
    }
    badLooks++;
    return new Verdict(
        action(),
        String.format(
            Locale.ROOT,
            "representation is collapsing: feature_std=%.6f effective_rank=%.3f bad_looks=%d,"
                + " expected feature_std >= %.6f and effective_rank >= %s",
            featureStd,
            effectiveRank,
            badLooks,
            minStd,
            settings.minRank()));
  }

  /** Warns as often as the patience ends, not at every look. */
  private Action action() {
    if (badLooks < settings.patience()) {
      return Action.GO_ON;
    }
    if (settings.policy() == CollapseSettings.Policy.STOP) {
      return Action.STOP;
    }
    return badLooks % settings.patience() == 0 ? Action.WARN : Action.GO_ON;
  }
}
