package org.byol4j.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.byol4j.collective.CollectiveFailures.expectAbortToWakeEverybody;
import static org.byol4j.collective.CollectiveFailures.expectAllToFail;
import static org.byol4j.collective.CollectiveFailures.expectDifferentOperationsToFail;
import static org.byol4j.collective.CollectiveFailures.expectWrongBoundsToBeRefused;
import static org.byol4j.collective.CollectiveFailures.whenRank1Leaves;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.Replicas.Outcome;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class LocalCollectiveTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  /** So short that the vectors of the tests take many pieces. */
  private static final int PIECE = 100;

  @Nested
  final class OfOne extends CollectiveContractTest {
    @Override
    protected List<Collective> newGroup() {
      return LocalCollective.group(1, LONG, PIECE);
    }
  }

  @Nested
  final class OfTwo extends CollectiveContractTest {
    @Override
    protected List<Collective> newGroup() {
      return LocalCollective.group(2, LONG);
    }
  }

  @Nested
  final class OfFive extends CollectiveContractTest {
    @Override
    protected List<Collective> newGroup() {
      return LocalCollective.group(5, LONG, PIECE);
    }
  }

  @Test
  void differentLengthsFailAllReplicasWithBoth() {
    expectAllToFail(
        LocalCollective.group(3, LONG),
        collective -> {
          collective.allReduceSum(new double[collective.rank() == 2 ? 4 : 5]);
          return 0;
        },
        "replicas out of step: rank=0 allReduceSum length=5, rank=2 allReduceSum length=4");
  }

  @Test
  void differentOperationsFailAllReplicasWithBoth() {
    expectDifferentOperationsToFail(
        LocalCollective.group(2, LONG),
        "replicas out of step: rank=0 allReduceSum length=3, rank=1 allGather length=3");
  }

  @Test
  void differentBoundsFailAllReplicasWithBoth() {
    expectAllToFail(
        LocalCollective.group(2, LONG),
        collective -> {
          collective.allGather(
              ArrayVector.ofDoubles(1, 2, 3), new long[] {0, 1 + collective.rank(), 3});
          return 0;
        },
        "replicas out of step: rank=0 allGather length=3 elementBytes=8 bounds=[0, 1, 3], "
            + "rank=1 allGather length=3 elementBytes=8 bounds=[0, 2, 3]");
  }

  @Test
  void differentPrecisionsFailAllReplicas() {
    expectAllToFail(
        LocalCollective.group(2, LONG),
        collective -> {
          ArrayVector vector =
              collective.rank() == 0 ? ArrayVector.ofDoubles(1) : ArrayVector.ofFloats(1);
          collective.reduceScatterSum(vector, new long[] {0, 1, 1});
          return 0;
        },
        "replicas out of step");
  }

  @Test
  void missingReplicaTimesOutNamingItsRank() {
    List<Collective> group = LocalCollective.group(3, Duration.ofMillis(100));
    List<Outcome<Integer>> outcomes =
        Replicas.outcomes(
            group,
            collective -> {
              if (collective.rank() != 1) {
                collective.allReduceSum(new double[2]);
              }
              return 0;
            });
    for (int rank : new int[] {0, 2}) {
      assertThat(outcomes.get(rank).failure().get(0))
          .isInstanceOf(CollectiveException.class)
          .hasMessageContaining("allReduceSum length=2 timed out: missing=[1] timeoutMs=100");
    }
    assertThatThrownBy(() -> group.get(1).allReduceSum(new double[2]))
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("timed out: missing=[1]");
  }

  @Test
  void abortWakesEverybodyWithTheReason() {
    expectAbortToWakeEverybody(LocalCollective.group(3, LONG));
  }

  @Test
  void firstReasonStands() {
    List<Collective> group = LocalCollective.group(2, LONG);
    group.get(1).abort("first");
    group.get(0).abort("second");
    assertThatThrownBy(() -> group.get(0).allReduceSum(new double[1]))
        .hasMessage("allReduceSum failed: rank=0 size=2: aborted by rank=1: first");
  }

  @Test
  void replicaThatLeavesFailsThoseThatWaitForIt() {
    assertThat(whenRank1Leaves(LocalCollective.group(2, LONG)))
        .isInstanceOf(CollectiveException.class)
        .hasMessageMatching(".*rank=0 size=2: (rank=1 has left|replicas=\\[1\\] have left).*");
  }

  @Test
  void interruptedReplicaFailsTheGroupAndStaysInterrupted() {
    List<Outcome<Boolean>> outcomes =
        Replicas.outcomes(
            LocalCollective.group(2, LONG),
            collective -> {
              if (collective.rank() == 0) {
                Thread.currentThread().interrupt();
              }
              try {
                collective.allReduceSum(new double[1]);
                collective.allReduceSum(new double[1]);
                return false;
              } catch (CollectiveException e) {
                assertThat(e).hasMessageContaining("interrupted");
                return Thread.currentThread().isInterrupted() == (collective.rank() == 0);
              }
            });
    assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome.result()).containsExactly(true));
  }

  @Test
  void wrongBoundsAreRefusedBeforeAnybodyWaits() {
    expectWrongBoundsToBeRefused(LocalCollective.group(2, LONG).get(0));
  }
}
