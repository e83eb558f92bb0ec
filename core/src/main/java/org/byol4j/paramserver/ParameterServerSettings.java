package org.byol4j.paramserver;

import java.util.Optional;
import org.byol4j.paramserver.sharing.SharingSettings;

/**
 * How replicas keep their weights equal.
 *
 * @param targetSync how new target weights come to all replicas; {@link TargetSync#LOCAL} where
 *     gradients are shared
 * @param digestEverySteps steps between two comparisons of all replicas' weights; 0 for none but
 *     those that somebody asks for
 * @param sharing how encoded gradients are shared; empty for the synchronous server
 */
public record ParameterServerSettings(
    TargetSync targetSync, int digestEverySteps, Optional<SharingSettings> sharing) {

  /** Who turns gradients into weights. */
  public enum Mode {
    /** {@link SynchronousServer}: the owners of ranges, from all of every gradient. */
    SYNCHRONOUS,
    /** {@link SharingServer}: every replica, from the encoded parts that all have sent. */
    GRADIENT_SHARING
  }

  /** How new target weights come to all replicas; the bits are the same. */
  public enum TargetSync {
    /** Each owner moves its range and sends it to all, while the next step has begun. */
    BROADCAST,
    /** Every replica moves all of them by itself. */
    LOCAL
  }

  /** The synchronous server. */
  public static ParameterServerSettings synchronous(TargetSync targetSync, int digestEverySteps) {
    return new ParameterServerSettings(targetSync, digestEverySteps, Optional.empty());
  }

  /** The server that shares encoded gradients. */
  public static ParameterServerSettings sharing(SharingSettings sharing, int digestEverySteps) {
    return new ParameterServerSettings(TargetSync.LOCAL, digestEverySteps, Optional.of(sharing));
  }
}
