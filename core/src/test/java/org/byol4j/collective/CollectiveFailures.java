package org.byol4j.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.byol4j.collective.Replicas.Outcome;
import org.byol4j.collective.Replicas.Program;

/** What is expected of groups that fail, whatever connects their replicas. */
public final class CollectiveFailures {
  private CollectiveFailures() {}

  /** Expects that a program fails on every replica, with {@code reason} in the message. */
  public static void expectAllToFail(
      List<Collective> group, Program<Integer> program, String reason) {
    expectAllToHaveFailed(
        group.size(), Replicas.outcomes(group, program), reason, CollectiveException.class);
  }

  /**
   * Expects that a program has failed on every one of {@code size} replicas, by one of the {@code
   * types}, with {@code reason} in the message.
   */
  public static void expectAllToHaveFailed(
      int size, List<? extends Outcome<?>> outcomes, String reason, Class<?>... types) {
    assertThat(outcomes)
        .hasSize(size)
        .allSatisfy(
            outcome ->
                assertThat(outcome.failure())
                    .singleElement()
                    .satisfies(
                        failure ->
                            assertThat(failure)
                                .isInstanceOfAny(types)
                                .hasMessageContaining(reason)));
  }

  /** Expects that two replicas that call different operations fail with {@code reason}. */
  public static void expectDifferentOperationsToFail(List<Collective> group, String reason) {
    expectAllToFail(
        group,
        collective -> {
          double[] values = new double[3];
          if (collective.rank() == 0) {
            collective.allReduceSum(values);
          } else {
            collective.allGather(values, new double[6]);
          }
          return 0;
        },
        reason);
  }

  /** Expects that three replicas fail with the reason for which rank 2 aborts. */
  public static void expectAbortToWakeEverybody(List<Collective> group) {
    expectAllToFail(
        group,
        collective -> {
          if (collective.rank() == 2) {
            collective.abort("gradient of conv1 is NaN");
          }
          collective.allReduceSum(new double[2]);
          return 0;
        },
        "aborted by rank=2: gradient of conv1 is NaN");
  }

  /** What rank 0 of two is told, which waits for a sum while rank 1 leaves. */
  public static Throwable whenRank1Leaves(List<Collective> group) {
    List<Outcome<Integer>> outcomes =
        Replicas.outcomes(
            group,
            collective -> {
              if (collective.rank() == 1) {
                collective.close();
                return 0;
              }
              collective.allReduceSum(new double[1]);
              return 0;
            });
    assertThat(outcomes.get(0).failure()).hasSize(1);
    return outcomes.get(0).failure().get(0);
  }

  /** Expects that one of two replicas refuses wrong bounds, though the other calls nothing. */
  public static void expectWrongBoundsToBeRefused(Collective collective) {
    ArrayVector vector = ArrayVector.ofDoubles(1, 2, 3);
    for (long[] bounds : new long[][] {{0, 3}, {0, 2, 1}, {0, 2, 4}, {-1, 2, 3}}) {
      assertThatThrownBy(() -> collective.reduceScatterSum(vector, bounds))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("expected 3 rising values within [0, 3]");
    }
  }
}
