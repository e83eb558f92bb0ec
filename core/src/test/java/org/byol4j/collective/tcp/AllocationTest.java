package org.byol4j.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.byol4j.HeapUse;
import org.byol4j.collective.Collective;
import org.byol4j.collective.FloatVector;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.Vector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class AllocationTest {
  private static final int OPERATIONS = 300;
  private static final int ROUNDS = 5;
  private static final int CHUNK = 1 << 14;
  private static final int LENGTH = 1 << 16;

  @Test
  void smallOperationsAllocateNothing() {
    assertThat(
            allocated(
                collective -> {
                  double[] mine = new double[257];
                  double[] all = new double[2 * 257];
                  return () -> {
                    collective.allReduceSum(mine);
                    collective.allGather(mine, all);
                  };
                }))
        .isZero();
  }

  /** A chunk that is summed is looked at through three views; nothing grows with its length. */
  @Test
  void vectorsAllocateNoMoreThanTheViewsOfTheirChunks() {
    int chunks = LENGTH * Float.BYTES / CHUNK;
    assertThat(
            allocated(
                collective -> {
                  Vector vector = new FloatVector(LENGTH);
                  long[] bounds = {0, LENGTH / 2, LENGTH};
                  return () -> {
                    collective.reduceScatterSum(vector, bounds);
                    collective.allGather(vector, bounds);
                  };
                }))
        .isLessThanOrEqualTo((long) OPERATIONS * chunks / 2 * 200);
  }

  private static void repeat(Runnable operation) {
    for (int i = 0; i < OPERATIONS; i++) {
      operation.run();
    }
  }

  /** The fewest bytes that one of two replicas allocates in a round of operations. */
  private static long allocated(Work work) {
    TcpSettings settings =
        new TcpSettings(
            0,
            0,
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            Duration.ofNanos(20_000),
            CHUNK,
            Optional.empty());
    try (TcpGroup group = TcpGroup.join(2, settings)) {
      return Replicas.run(
              group.collectives(),
              collective -> {
                Runnable operation = work.on(collective);
                long fewest = Long.MAX_VALUE;
                // as many rounds on both replicas, whatever each of them finds
                for (int round = 0; round < ROUNDS; round++) {
                  fewest = Math.min(fewest, HeapUse.of(() -> repeat(operation)));
                }
                return fewest;
              })
          .get(0);
    }
  }

  @FunctionalInterface
  private interface Work {
    Runnable on(Collective collective);
  }
}
