package org.byol4j.paramserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.byol4j.paramserver.SharingReplica.TABLE;
import static org.byol4j.paramserver.SharingReplica.TARGET_LENGTH;
import static org.byol4j.paramserver.SharingReplica.decay;
import static org.byol4j.paramserver.SharingReplica.gradient;
import static org.byol4j.paramserver.SharingReplica.randoms;
import static org.byol4j.paramserver.SharingReplica.rate;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.CollectiveFailures;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.Replicas.Outcome;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Shape;
import org.byol4j.device.onednn.OnednnDevice;
import org.byol4j.optim.OptimizerSettings;
import org.byol4j.optim.OptimizerSettings.Algorithm;
import org.byol4j.parameters.Slice;
import org.byol4j.paramserver.SharingReplica.State;
import org.byol4j.paramserver.sharing.FaultyReplicaException;
import org.byol4j.paramserver.sharing.GatheredParts;
import org.byol4j.paramserver.sharing.SharingSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class SharingServerTest {
  private static final int STEPS = 12;
  private static final SharingSettings SHARING = sharing(0.03, 0);

  /** No share is too large or too small. */
  private static SharingSettings withSteadyThreshold(int staleness) {
    return new SharingSettings(1e-3, 1e-12, 1, 0.95, 0, 1, staleness);
  }

  private static SharingSettings sharing(double maxShare, int staleness) {
    return new SharingSettings(1e-3, 1e-3, maxShare, 0.95, 0, 1, staleness);
  }

  @ParameterizedTest
  @CsvSource({"1, 0", "2, 0", "3, 0", "1, 2", "3, 2"})
  void whatIsSentAndTheResidualsAddUpToTheGradients(int replicas, int staleness) {
    // at rate 1, without momentum and decay, weights move by what was sent
    OptimizerSettings plain = new OptimizerSettings(Algorithm.SGD, 1, 1, 0, 0, 0, true, 0.1, false);
    List<State> states =
        Replicas.run(
            group(replicas),
            collective -> {
              try (SharingReplica replica =
                  new SharingReplica(
                      collective, GatheredParts::new, plain, sharing(0.03, staleness))) {
                replica.steps(0, STEPS, step -> 1);
                replica.server.settle();
                return replica.state();
              }
            });
    double[] gradients = new double[TABLE.length()];
    for (int step = 0; step < STEPS; step++) {
      for (int rank = 0; rank < replicas; rank++) {
        float[] some = gradient(step, rank);
        Arrays.setAll(gradients, i -> gradients[i] + some[i]);
      }
    }
    double[] start = randoms(1, TABLE.length());
    int encoded = 0;
    double left = 0;
    for (Slice slice : TABLE.slices()) {
      for (int i = (int) slice.offset(); i < slice.end(); i++) {
        double residual = 0;
        if (!slice.kind().isNormOrBias()) {
          for (State state : states) {
            residual += state.residual[encoded];
          }
          encoded++;
        }
        left += Math.abs(residual);
        assertThat(start[i] - states.get(0).weights[i] + residual)
            .as(slice.name())
            .isCloseTo(gradients[i], within(1e-6));
      }
    }
    assertThat(left).isPositive();
  }

  @ParameterizedTest
  @EnumSource(Algorithm.class)
  void replicasHoldTheSameBitsAndEveryRunDoes(Algorithm algorithm) {
    List<State> first = run(algorithm);
    for (State state : first) {
      assertThat(state.weights).containsExactly(first.get(0).weights);
      assertThat(state.target).containsExactly(first.get(0).target);
      assertThat(state.momentum).containsExactly(first.get(0).momentum);
      assertThat(state.threshold).isEqualTo(first.get(0).threshold);
    }
    assertThat(first.get(0).residual).isNotEqualTo(first.get(1).residual);
    List<State> second = run(algorithm);
    for (int rank = 0; rank < first.size(); rank++) {
      assertThat(second.get(rank).bits()).isEqualTo(first.get(rank).bits());
    }
  }

  private static List<State> run(Algorithm algorithm) {
    return Replicas.run(
        group(3),
        collective -> {
          try (SharingReplica replica =
              new SharingReplica(collective, GatheredParts::new, settings(algorithm), SHARING)) {
            replica.steps(0, STEPS, SharingReplica::rate);
            replica.server.compareReplicas(STEPS);
            return replica.state();
          }
        });
  }

  @Test
  void biasesAndNormalizationsAreSummedAsTheyAre() {
    List<double[]> weights =
        Replicas.run(
            group(2),
            collective -> {
              try (SharingReplica replica =
                  new SharingReplica(
                      collective, GatheredParts::new, settings(Algorithm.SGD), SHARING)) {
                replica.steps(0, STEPS, SharingReplica::rate);
                return replica.state().weights;
              }
            });
    PlainServer plain =
        new PlainServer(
            TABLE, settings(Algorithm.SGD), randoms(1, TABLE.length()), randoms(2, TARGET_LENGTH));
    for (int step = 0; step < STEPS; step++) {
      float[] one = gradient(step, 0);
      float[] other = gradient(step, 1);
      double[] sum = new double[one.length];
      Arrays.setAll(sum, i -> (double) one[i] + other[i]);
      plain.step(sum, rate(step), decay(step));
    }
    for (Slice slice : TABLE.slices()) {
      if (slice.kind().isNormOrBias()) {
        for (int i = (int) slice.offset(); i < slice.end(); i++) {
          assertThat(weights.get(0)[i]).as(slice.name()).isCloseTo(plain.weights[i], within(1e-7));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void staleUpdatesAreTheSameOnesLater(int staleness) {
    List<State> punctual = run(withSteadyThreshold(0), STEPS - staleness, false);
    List<State> stale = run(withSteadyThreshold(staleness), STEPS, false);
    for (int rank = 0; rank < punctual.size(); rank++) {
      assertThat(stale.get(rank).weights).containsExactly(punctual.get(rank).weights);
      assertThat(stale.get(rank).target).containsExactly(punctual.get(rank).target);
      assertThat(stale.get(rank).momentum).containsExactly(punctual.get(rank).momentum);
    }
  }

  @Test
  void serverThatHasSettledIsBehindNoStep() {
    List<State> punctual = run(withSteadyThreshold(0), STEPS, true);
    List<State> stale = run(withSteadyThreshold(3), STEPS, true);
    for (int rank = 0; rank < punctual.size(); rank++) {
      assertThat(stale.get(rank).bits()).isEqualTo(punctual.get(rank).bits());
    }
  }

  private static List<State> run(SharingSettings sharing, int steps, boolean settles) {
    return Replicas.run(
        group(3),
        collective -> {
          try (SharingReplica replica =
              new SharingReplica(
                  collective, GatheredParts::new, settings(Algorithm.LARS), sharing)) {
            replica.steps(0, steps, SharingReplica::rate);
            if (settles) {
              replica.server.settle();
            }
            return replica.state();
          }
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void stateThatIsTakenOverGoesOnToTheBit(int staleness) {
    List<State> half = inFloat32(staleness, 0, STEPS / 2, List.of());
    List<State> resumed = inFloat32(staleness, STEPS / 2, STEPS, half);
    List<State> whole = inFloat32(staleness, 0, STEPS, List.of());
    for (int rank = 0; rank < whole.size(); rank++) {
      assertThat(resumed.get(rank).bits()).isEqualTo(whole.get(rank).bits());
      assertThat(half.get(rank).bits()).isNotEqualTo(whole.get(rank).bits());
    }
  }

  /**
   * Runs in the precision of checkpoints, from what each replica had before, if anything, and
   * settles where those of others may begin.
   */
  private static List<State> inFloat32(int staleness, int from, int to, List<State> before) {
    return Replicas.run(
        group(3),
        collective -> {
          try (SharingReplica replica =
              new SharingReplica(
                  new OnednnDevice(
                      new ComputeSettings(
                          "onednn",
                          "fp32",
                          1,
                          ComputeSettings.Convolution.AUTO,
                          ComputeSettings.Graphs.AUTO)),
                  collective,
                  GatheredParts::new,
                  settings(Algorithm.LARS),
                  sharing(0.03, staleness))) {
            if (!before.isEmpty()) {
              replica.take(before.get(collective.rank()));
            }
            replica.steps(from, Math.min(to, STEPS / 2), SharingReplica::rate);
            replica.server.settle();
            replica.steps(Math.max(from, STEPS / 2), to, SharingReplica::rate);
            replica.server.settle();
            return replica.state();
          }
        });
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
  void gradientThatIsNotFiniteStopsAllReplicasBeforeAnythingChanges(double value) {
    for (State state :
        Replicas.run(
            group(3),
            collective -> {
              try (SharingReplica replica =
                  new SharingReplica(
                      collective, GatheredParts::new, settings(Algorithm.LARS), SHARING)) {
                replica.load(0);
                if (collective.rank() == 2) {
                  replica.device.fill(value, replica.gradients.view(3100, Shape.vector(1)));
                }
                replica.server.takeGradients();
                assertThatThrownBy(() -> replica.server.step(8120, 0.1, 0.9))
                    .isInstanceOf(NotFiniteException.class)
                    .hasMessageContaining("fc.weight")
                    .hasMessageContaining("step=8120");
                return replica.state();
              }
            })) {
      assertThat(state.weights).containsExactly(randoms(1, TABLE.length()));
      assertThat(state.target).containsExactly(randoms(2, TARGET_LENGTH));
      assertThat(state.momentum).containsOnly(0f);
      assertThat(state.residual).containsOnly(0f);
    }
  }

  @Test
  void whatIsNoPartIsRefusedWithRankAndStep() {
    List<Outcome<Integer>> outcomes =
        Replicas.outcomes(
            group(2),
            collective -> {
              try (SharingReplica replica =
                  new SharingReplica(
                      collective,
                      (group, mostWords) ->
                          new GatheredParts(group, mostWords) {
                            @Override
                            public void send(long step, int[] words) {
                              super.send(step, group.rank() == 1 ? new int[] {1, 2, 3} : words);
                            }
                          },
                      settings(Algorithm.LARS),
                      SHARING)) {
                replica.load(0);
                replica.server.takeGradients();
                replica.server.step(8120, 0.1, 0.9);
                return 0;
              }
            });
    // both refuse it, unless one hears of that from the other first
    assertThat(outcomes)
        .anyMatch(outcome -> outcome.failure().get(0) instanceof FaultyReplicaException);
    CollectiveFailures.expectAllToHaveFailed(
        2,
        outcomes,
        "step=8120 refused what came: encoded gradient: rank=1 sent words=3 which are no part of"
            + " elements=5000",
        FaultyReplicaException.class,
        CollectiveException.class);
  }

  @Test
  void onceTheThresholdHasSettledATwentiethIsSent() {
    int steps = 150;
    for (long bytes :
        Replicas.run(
            group(2),
            collective -> {
              GatheredParts parts = new GatheredParts(collective, SharingReplica.MOST_WORDS);
              try (SharingReplica replica =
                  new SharingReplica(
                      collective, (group, most) -> parts, settings(Algorithm.SGD), SHARING)) {
                replica.steps(0, steps - 10, step -> 0);
                long before = parts.sentBytes();
                replica.steps(steps - 10, steps, step -> 0);
                return parts.sentBytes() - before;
              }
            })) {
      long gradients = 10L * TABLE.length() * Float.BYTES;
      assertThat(bytes).isBetween(1L, gradients / 20);
    }
  }

  private static List<Collective> group(int replicas) {
    return LocalCollective.group(replicas, Duration.ofSeconds(30));
  }

  private static OptimizerSettings settings(Algorithm algorithm) {
    return new OptimizerSettings(algorithm, 0.2, 256, 0, 0.9, 0.01, true, 0.05, false);
  }
}
