package org.byol4j.paramserver;

import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Replicas that must hold the same weights do not: a broken memory or a defect. Every replica
 * throws it after the same step. The run is not worth going on with; checkpoints from before are.
 */
public final class DivergedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private DivergedException(String message) {
    super(message);
  }

  /** Names what differs, and its digest on each replica in rank order. */
  static DivergedException of(String what, long step, long[] digests) {
    return new DivergedException(
        "replicas diverged: %s step=%d digests=[%s], expected the same on every rank"
            .formatted(
                what,
                step,
                Arrays.stream(digests)
                    .mapToObj("%08x"::formatted)
                    .collect(Collectors.joining(", "))));
  }
}
