package org.byol4j.paramserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.byol4j.collective.Collective;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.device.ReferenceDevice;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.optim.Momentum;
import org.byol4j.optim.OptimizerSettings;
import org.byol4j.optim.OptimizerSettings.Algorithm;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;
import org.byol4j.parameters.Slice.Kind;
import org.byol4j.paramserver.ParameterServerSettings.TargetSync;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class SynchronousServerTest {

  /** Ranges of two, three and five owners cut through its weights; the target ends within one. */
  private static final ParameterTable TABLE =
      table(
          new Part("conv1.weight", Kind.WEIGHT, 7),
          new Part("bn1.weight", Kind.NORM_SCALE, 3),
          new Part("bn1.bias", Kind.NORM_SHIFT, 3),
          new Part("conv2.weight", Kind.WEIGHT, 40),
          new Part("projector.weight", Kind.WEIGHT, 11),
          new Part("projector.bias", Kind.BIAS, 1),
          new Part("predictor.weight", Kind.WEIGHT, 30),
          new Part("predictor.bias", Kind.BIAS, 2));

  private static final int TARGET_LENGTH = 65;
  private static final int STEPS = 10;

  private record Part(String name, Kind kind, int length) {}

  /** What a replica ends with. */
  private static final class State {
    final double[] weights;
    final double[] target;
    final float[] momentum;

    State(double[] weights, double[] target, float[] momentum) {
      this.weights = weights;
      this.target = target;
      this.momentum = momentum;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, LARS, BROADCAST, 10",
    "2, LARS, BROADCAST, 10",
    "3, LARS, BROADCAST, 10",
    "3, LARS, LOCAL, 10",
    "5, LARS, BROADCAST, 10",
    // owners of next to nothing, and of nothing: meetings of so many threads take long
    "40, LARS, BROADCAST, 3",
    "120, LARS, BROADCAST, 2",
    "120, LARS, LOCAL, 2",
    "1, SGD, LOCAL, 10",
    "3, SGD, BROADCAST, 10"
  })
  void anyNumberOfReplicasDoesWhatTheFormulasSay(
      int replicas, Algorithm algorithm, TargetSync sync, int steps) {
    OptimizerSettings settings = settings(algorithm);
    PlainServer plain =
        new PlainServer(TABLE, settings, randoms(1, TABLE.length()), randoms(2, TARGET_LENGTH));
    for (int step = 0; step < steps; step++) {
      plain.step(wholeGradient(step), rate(step), decay(step));
    }
    List<State> states =
        Replicas.run(
            LocalCollective.group(replicas, Duration.ofSeconds(30)),
            collective -> {
              try (ReplicaOfServer replica =
                  new ReplicaOfServer(
                      collective, settings, ParameterServerSettings.synchronous(sync, 3))) {
                for (int step = 0; step < steps; step++) {
                  replica.step(step);
                }
                return replica.state();
              }
            });
    for (State state : states) {
      expectClose("weights", 1e-12, plain.weights, state.weights);
      expectClose("target", 1e-12, plain.target, state.target);
      double[] momentum = new double[state.momentum.length];
      Arrays.setAll(momentum, i -> state.momentum[i]);
      expectClose("momentum", 1e-7, plain.momentum, momentum);
    }
    for (State state : states) {
      assertThat(state.weights).containsExactly(states.get(0).weights);
      assertThat(state.target).containsExactly(states.get(0).target);
    }
  }

  @Test
  void targetWithDecayOneNeverMoves() {
    for (State state :
        Replicas.run(
            LocalCollective.group(3, Duration.ofSeconds(30)),
            collective -> {
              try (ReplicaOfServer replica =
                  new ReplicaOfServer(collective, settings(Algorithm.LARS))) {
                for (int step = 0; step < STEPS; step++) {
                  replica.load(step);
                  replica.server.takeGradients();
                  replica.server.step(step, rate(step), 1);
                  replica.server.moveTarget(1);
                }
                return replica.state();
              }
            })) {
      assertThat(state.target).containsExactly(randoms(2, TARGET_LENGTH));
      assertThat(state.weights).isNotEqualTo(randoms(1, TABLE.length()));
    }
  }

  @Test
  void targetWithDecayZeroIsTheOnlineNetwork() {
    for (State state :
        Replicas.run(
            LocalCollective.group(2, Duration.ofSeconds(30)),
            collective -> {
              try (ReplicaOfServer replica =
                  new ReplicaOfServer(collective, settings(Algorithm.LARS))) {
                replica.server.moveTarget(0);
                return replica.state();
              }
            })) {
      assertThat(state.target)
          .containsExactly(Arrays.copyOf(randoms(1, TABLE.length()), TARGET_LENGTH));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
  void gradientThatIsNotFiniteStopsAllReplicasBeforeAnyWeightChanges(double value) {
    int place = 20;
    List<State> states =
        Replicas.run(
            LocalCollective.group(3, Duration.ofSeconds(30)),
            collective -> {
              try (ReplicaOfServer replica =
                  new ReplicaOfServer(collective, settings(Algorithm.LARS))) {
                replica.load(0);
                if (collective.rank() == 2) {
                  replica.device.fill(value, replica.gradients.view(place, Shape.vector(1)));
                }
                replica.server.takeGradients();
                assertThatThrownBy(() -> replica.server.step(8120, 0.1, 0.9))
                    .isInstanceOf(NotFiniteException.class)
                    .hasMessageContaining("conv2.weight")
                    .hasMessageContaining("step=8120");
                return replica.state();
              }
            });
    for (State state : states) {
      assertThat(state.weights).containsExactly(randoms(1, TABLE.length()));
      assertThat(state.target).containsExactly(randoms(2, TARGET_LENGTH));
      assertThat(state.momentum).containsOnly(0f);
    }
  }

  @Test
  void targetsThatDivergeStopAllReplicasWithTheDigestsOfAll() {
    expectDivergence(
        "target weights",
        (collective, step) -> {
          ReplicaOfServer replica = newReplica(collective, TargetSync.LOCAL);
          if (collective.rank() == 1) {
            replica.device.fill(7, replica.target.view(3, Shape.vector(1)));
          }
          return replica;
        });
  }

  @Test
  void weightsThatArriveDamagedStopAllReplicasWithTheDigestsOfAll() {
    expectDivergence(
        "online weights",
        (collective, step) ->
            newReplica(
                collective.rank() == 1 ? new DamagedGather(collective, step) : collective,
                TargetSync.BROADCAST));
  }

  private static ReplicaOfServer newReplica(Collective collective, TargetSync sync) {
    return new ReplicaOfServer(
        collective, settings(Algorithm.SGD), ParameterServerSettings.synchronous(sync, 3));
  }

  /** Expects that rank 1 is found to differ when the third step is over, and not before. */
  private static void expectDivergence(
      String what, BiFunction<Collective, Integer, ReplicaOfServer> replicas) {
    List<String> messages =
        Replicas.run(
            LocalCollective.group(3, Duration.ofSeconds(30)),
            collective -> {
              try (ReplicaOfServer replica = replicas.apply(collective, 2)) {
                replica.step(0);
                replica.step(1);
                return String.valueOf(
                    catchThrowableOfType(DivergedException.class, () -> replica.step(2)));
              }
            });
    assertThat(messages).allMatch(message -> message.equals(messages.get(0)));
    assertThat(messages.get(0))
        .matches(
            ".*replicas diverged: %s step=2 digests=\\[(\\w{8}), (?!\\1)\\w{8}, \\1], .*"
                .formatted(what));
  }

  @ParameterizedTest
  @CsvSource({"1, 3", "3, 1", "2, 3", "3, 3"})
  void momentumMovesToAnotherNumberOfReplicas(int before, int after) {
    OptimizerSettings settings = settings(Algorithm.SGD);
    float[] saved =
        Replicas.run(
                LocalCollective.group(before, Duration.ofSeconds(30)),
                collective -> {
                  try (ReplicaOfServer replica = new ReplicaOfServer(collective, settings)) {
                    replica.step(0);
                    return replica.state();
                  }
                })
            .get(before - 1)
            .momentum;
    assertThat(saved).doesNotContain(0f);
    for (State state :
        Replicas.run(
            LocalCollective.group(after, Duration.ofSeconds(30)),
            collective -> {
              try (ReplicaOfServer replica = new ReplicaOfServer(collective, settings)) {
                replica.takeMomentum(saved);
                return replica.state();
              }
            })) {
      assertThat(state.momentum).containsExactly(saved);
    }
  }

  /** A replica with random weights and a share of each step's random gradient. */
  private static final class ReplicaOfServer implements AutoCloseable {
    final ReferenceDevice device = new ReferenceDevice();
    final Tensor weights = device.allocate(Shape.vector(TABLE.length()));
    final Tensor gradients = device.allocate(Shape.vector(TABLE.length()));
    final Tensor target = device.allocate(Shape.vector(TARGET_LENGTH));
    final Collective collective;
    final SynchronousServer server;

    ReplicaOfServer(Collective collective, OptimizerSettings settings) {
      this(collective, settings, ParameterServerSettings.synchronous(TargetSync.BROADCAST, 0));
    }

    ReplicaOfServer(
        Collective collective, OptimizerSettings settings, ParameterServerSettings server) {
      this.collective = collective;
      device.write(randoms(1, TABLE.length()), weights);
      device.write(randoms(2, TARGET_LENGTH), target);
      this.server =
          new SynchronousServer(
              device,
              collective,
              new Momentum(settings),
              server,
              TABLE,
              weights,
              gradients,
              target);
    }

    /** Puts this replica's share into the gradients: unequal shares whose sum is the whole. */
    void load(int step) {
      int size = collective.size();
      double share = 2.0 * (collective.rank() + 1) / (size * (size + 1.0));
      device.write(
          Arrays.stream(wholeGradient(step)).map(value -> share * value).toArray(), gradients);
    }

    void step(int step) {
      load(step);
      server.takeGradients();
      server.step(step, rate(step), decay(step));
    }

    State state() {
      server.awaitTarget();
      return new State(device.values(weights), device.values(target), wholeMomentum());
    }

    /** The momentum of all owners: a sum of which all terms but one are 0. */
    private float[] wholeMomentum() {
      FloatBuffer owned = FloatBuffer.allocate((int) (server.ownedTo() - server.ownedFrom()));
      server.readMomentum(server.ownedFrom(), owned);
      double[] whole = new double[TABLE.length()];
      for (int i = 0; i < owned.capacity(); i++) {
        whole[(int) server.ownedFrom() + i] = owned.get(i);
      }
      collective.allReduceSum(whole);
      float[] values = new float[whole.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) whole[i];
      }
      return values;
    }

    void takeMomentum(float[] whole) {
      int from = (int) server.ownedFrom();
      int length = (int) (server.ownedTo() - from);
      server.writeMomentum(from, FloatBuffer.wrap(whole, from, length));
    }

    @Override
    public void close() {
      server.close();
      device.close();
    }
  }

  private static void expectClose(String name, double error, double[] expected, double[] actual) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      assertThat(actual[i]).as("%s[%d]", name, i).isCloseTo(expected[i], within(error));
    }
  }

  private static OptimizerSettings settings(Algorithm algorithm) {
    return new OptimizerSettings(algorithm, 0.2, 256, 0, 0.9, 0.01, true, 0.05, false);
  }

  private static double rate(int step) {
    return 0.5 / (1 + step);
  }

  private static double decay(int step) {
    return 0.9 + 0.01 * step;
  }

  private static double[] wholeGradient(int step) {
    return randoms(100 + step, TABLE.length());
  }

  private static double[] randoms(long seed, int length) {
    return new Random(seed).doubles(length, -1, 1).toArray();
  }

  private static ParameterTable table(Part... parts) {
    List<Slice> slices = new ArrayList<>();
    long offset = 0;
    for (Part part : parts) {
      slices.add(new Slice(part.name(), part.kind(), List.of(part.length()), offset));
      offset += part.length();
    }
    return new ParameterTable(slices);
  }
}
