package org.byol4j.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.Collective;
import org.byol4j.collective.FloatVector;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.Vector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class AllocationTest {
  private static final int OPERATIONS = 300;
  private static final int ROUNDS = 4;
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

  /**
   * What one of two replicas allocates in all operations of a round, the least of some: the
   * compiler's change of mind may cost an object once.
   */
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
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (TcpGroup group = TcpGroup.join(2, settings)) {
      return Replicas.run(
              group.collectives(),
              collective -> {
                Runnable operations = work.on(collective);
                long thread = Thread.currentThread().getId();
                long least = Long.MAX_VALUE;
                for (int round = 0; round < ROUNDS; round++) {
                  long before = threads.getThreadAllocatedBytes(thread);
                  for (int i = 0; i < OPERATIONS; i++) {
                    operations.run();
                  }
                  least = Math.min(least, threads.getThreadAllocatedBytes(thread) - before);
                }
                return least;
              })
          .get(0);
    }
  }

  @FunctionalInterface
  private interface Work {
    Runnable on(Collective collective);
  }
}
