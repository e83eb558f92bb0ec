package org.byol4j.collective.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.byol4j.collective.ArrayVector;
import org.byol4j.collective.Collective;
import org.byol4j.collective.Replicas;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a replica says that it has sent, against what an operation has to send. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class SentBytesTest {
  private static final int SIZE = 3;
  private static final int LENGTH = 300_000;
  private static final long[] BOUNDS = {0, 100_000, 250_000, LENGTH};

  /** Headers, and heartbeats meanwhile. */
  private static final long ASIDE = 4096;

  @Test
  void smallSumsGoToEveryOtherReplica() {
    expectSent(
        group -> group.allReduceSum(new double[10_000]),
        List.of(2 * 80_000L, 2 * 80_000L, 2 * 80_000L));
  }

  @Test
  void vectorsThatAreScatteredGoToTheirOwners() {
    expectSent(
        group -> group.reduceScatterSum(floats(), BOUNDS),
        List.of(4 * 200_000L, 4 * 150_000L, 4 * 250_000L));
  }

  @Test
  void rangesThatAreGatheredGoToEveryOtherReplicaOnBothLanes() {
    List<Long> expected = List.of(2 * 400_000L, 2 * 600_000L, 2 * 200_000L);
    expectSent(group -> group.allGather(floats(), BOUNDS), expected);
    expectSent(group -> group.background().allGather(floats(), BOUNDS), expected);
  }

  private static ArrayVector floats() {
    return ArrayVector.ofFloats(new double[LENGTH]);
  }

  private static void expectSent(Consumer<Collective> operation, List<Long> expected) {
    try (TcpGroup group = TcpGroup.join(SIZE, TcpGroup.SETTINGS)) {
      List<Long> sent =
          Replicas.run(
              group.collectives(),
              collective -> {
                long before = collective.sentBytes();
                operation.accept(collective);
                return collective.sentBytes() - before;
              });
      for (int rank = 0; rank < SIZE; rank++) {
        assertThat(sent.get(rank))
            .as("rank=%d", rank)
            .isBetween(expected.get(rank), expected.get(rank) + ASIDE);
      }
    }
  }
}
