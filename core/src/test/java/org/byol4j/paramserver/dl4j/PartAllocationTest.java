package org.byol4j.paramserver.dl4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.byol4j.HeapUse;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the exchange of parts leaves to the collector. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class PartAllocationTest {
  private static final int WORDS = 100_000;
  private static final int WARMUP_STEPS = 5;
  private static final int STEPS = 10;

  @Test
  void stepAllocatesAFewTimesThePartsThatItBrings() {
    long partBytes = (long) WORDS * Integer.BYTES;
    List<Long> allocated =
        Replicas.run(
            LocalCollective.group(2, Duration.ofSeconds(30)),
            group -> {
              int[] words = new Random(group.rank()).ints(WORDS, 0, 1 << 20).toArray();
              try (MessagedParts parts = new MessagedParts(group, WORDS)) {
                for (int step = 0; step < WARMUP_STEPS; step++) {
                  exchange(parts, step, words);
                }
                return HeapUse.of(
                    HeapUse.threadNamed("encoded-gradients-" + group.rank()),
                    () -> {
                      for (int step = 0; step < STEPS; step++) {
                        exchange(parts, WARMUP_STEPS + step, words);
                      }
                    });
              }
            });
    for (long bytes : allocated) {
      // one is read from the message, and one from what Deeplearning4j's server hands on
      assertThat((double) bytes / STEPS / partBytes).isLessThan(2.5);
    }
  }

  private static void exchange(MessagedParts parts, long step, int[] words) {
    parts.send(step, words);
    assertThat(parts.take(step)).hasSize(2);
  }
}
