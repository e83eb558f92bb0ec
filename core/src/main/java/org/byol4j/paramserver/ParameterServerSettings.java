package org.byol4j.paramserver;

/**
 * How replicas keep their weights equal.
 *
 * @param targetSync how new target weights come to all replicas
 * @param digestEverySteps steps between two comparisons of all replicas' weights; 0 for none but
 *     those that somebody asks for
 */
public record ParameterServerSettings(TargetSync targetSync, int digestEverySteps) {

  /** How new target weights come to all replicas; the bits are the same. */
  public enum TargetSync {
    /** Each owner moves its range and sends it to all, while the next step has begun. */
    BROADCAST,
    /** Every replica moves all of them by itself. */
    LOCAL
  }
}
