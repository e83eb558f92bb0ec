package org.byol4j.eval;

/**
 * The watch for collapsed representations ({@code collapse.*}).
 *
 * @param policy what a collapse leads to
 * @param everySteps the distance between two looks, in steps, at least 1
 * @param minStd the smallest healthy feature std, as a fraction of {@code 1 / sqrt(width)}
 * @param minRank the smallest healthy effective rank of the projections
 * @param patience after how many unhealthy looks in a row it counts as a collapse, at least 1
 */
public record CollapseSettings(
    Policy policy, int everySteps, double minStd, double minRank, int patience) {

  /** What a collapse leads to. */
  public enum Policy {
    /** Nobody looks. */
    OFF,
    /** A warning, again whenever the patience has ended once more. */
    WARN,
    /** The end of the run. */
    STOP
  }
}
