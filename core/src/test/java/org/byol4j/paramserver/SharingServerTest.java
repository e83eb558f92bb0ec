package org.byol4j.paramserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.Collective;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.ReferenceDevice;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.onednn.OnednnDevice;
import org.byol4j.optim.Momentum;
import org.byol4j.optim.OptimizerSettings;
import org.byol4j.optim.OptimizerSettings.Algorithm;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;
import org.byol4j.parameters.Slice.Kind;
import org.byol4j.paramserver.sharing.EncodedPart;
import org.byol4j.paramserver.sharing.GatheredParts;
import org.byol4j.paramserver.sharing.SharedElements;
import org.byol4j.paramserver.sharing.SharingSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class SharingServerTest {
  private static final ParameterTable TABLE =
      new ParameterTable(
          List.of(
              new Slice("conv1.weight", Kind.WEIGHT, List.of(3000), 0),
              new Slice("bn1.weight", Kind.NORM_SCALE, List.of(40), 3000),
              new Slice("bn1.bias", Kind.NORM_SHIFT, List.of(40), 3040),
              new Slice("fc.weight", Kind.WEIGHT, List.of(2000), 3080),
              new Slice("fc.bias", Kind.BIAS, List.of(10), 5080)));

  private static final int TARGET_LENGTH = 3080;
  private static final int ENCODED = new SharedElements(TABLE).encoded();
  private static final int STEPS = 12;
  private static final SharingSettings SHARING = sharing(0.03, 0);

  /** No share is too large or too small. */
  private static SharingSettings withSteadyThreshold(int staleness) {
    return new SharingSettings(1e-3, 0, 1, 0.95, 0, 1, staleness);
  }

  private static SharingSettings sharing(double maxShare, int staleness) {
    return new SharingSettings(1e-3, 1e-3, maxShare, 0.95, 0, 1, staleness);
  }

  /** What a replica ends with. */
  private static final class State {
    final double[] weights;
    final double[] target;
    final float[] momentum;
    final float[] residual;
    final double threshold;

    State(double[] weights, double[] target, float[] momentum, float[] residual, double threshold) {
      this.weights = weights;
      this.target = target;
      this.momentum = momentum;
      this.residual = residual;
      this.threshold = threshold;
    }

    /** Everything, as bits. */
    List<Object> bits() {
      return List.of(
          Arrays.hashCode(weights),
          Arrays.hashCode(target),
          Arrays.hashCode(momentum),
          Arrays.hashCode(residual),
          threshold);
    }
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
              try (ReplicaOfServer replica =
                  new ReplicaOfServer(collective, plain, sharing(0.03, staleness))) {
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
          try (ReplicaOfServer replica = new ReplicaOfServer(collective, settings(algorithm))) {
            replica.steps(0, STEPS, SharingServerTest::rate);
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
              try (ReplicaOfServer replica =
                  new ReplicaOfServer(collective, settings(Algorithm.SGD))) {
                replica.steps(0, STEPS, SharingServerTest::rate);
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
          try (ReplicaOfServer replica =
              new ReplicaOfServer(collective, settings(Algorithm.LARS), sharing)) {
            replica.steps(0, steps, SharingServerTest::rate);
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
          try (ReplicaOfServer replica =
              new ReplicaOfServer(
                  new OnednnDevice(
                      new ComputeSettings("onednn", "fp32", 1, ComputeSettings.Convolution.AUTO)),
                  collective,
                  settings(Algorithm.LARS),
                  sharing(0.03, staleness))) {
            if (!before.isEmpty()) {
              replica.take(before.get(collective.rank()));
            }
            replica.steps(from, Math.min(to, STEPS / 2), SharingServerTest::rate);
            replica.server.settle();
            replica.steps(Math.max(from, STEPS / 2), to, SharingServerTest::rate);
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
              try (ReplicaOfServer replica =
                  new ReplicaOfServer(collective, settings(Algorithm.LARS))) {
                replica.load(0);
                if (collective.rank() == 2) {
                  replica.device.fill(value, replica.gradients.view(3100, Shape.vector(1)));
                }
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
  void onceTheThresholdHasSettledATwentiethIsSent() {
    int steps = 150;
    for (long bytes :
        Replicas.run(
            group(2),
            collective -> {
              try (ReplicaOfServer replica =
                  new ReplicaOfServer(collective, settings(Algorithm.SGD))) {
                replica.steps(0, steps - 10, step -> 0);
                long before = replica.server.sentBytes();
                replica.steps(steps - 10, steps, step -> 0);
                return replica.server.sentBytes() - before;
              }
            })) {
      long gradients = 10L * TABLE.length() * Float.BYTES;
      assertThat(bytes).isBetween(1L, gradients / 20);
    }
  }

  /** A replica with random weights and gradients of its own. */
  private static final class ReplicaOfServer implements AutoCloseable {
    final Device device;
    final Tensor weights;
    final Tensor gradients;
    final Tensor target;
    final Collective collective;
    final SharingServer server;

    ReplicaOfServer(Collective collective, OptimizerSettings settings) {
      this(collective, settings, SHARING);
    }

    ReplicaOfServer(Collective collective, OptimizerSettings settings, SharingSettings sharing) {
      this(new ReferenceDevice(), collective, settings, sharing);
    }

    /** The device belongs to the replica from now on. */
    ReplicaOfServer(
        Device device,
        Collective collective,
        OptimizerSettings settings,
        SharingSettings sharing) {
      this.device = device;
      this.weights = device.allocate(Shape.vector(TABLE.length()));
      this.gradients = device.allocate(Shape.vector(TABLE.length()));
      this.target = device.allocate(Shape.vector(TARGET_LENGTH));
      this.collective = collective;
      write(randoms(1, TABLE.length()), weights);
      write(randoms(2, TARGET_LENGTH), target);
      this.server =
          new SharingServer(
              device,
              collective,
              new GatheredParts(collective, EncodedPart.mostWords(ENCODED)),
              new Momentum(settings),
              sharing,
              0,
              TABLE,
              weights,
              gradients,
              target);
    }

    void load(int step) {
      device.write(FloatBuffer.wrap(gradient(step, collective.rank())), gradients);
    }

    void steps(int from, int to, Rate rate) {
      for (int step = from; step < to; step++) {
        load(step);
        server.step(step, rate.at(step), decay(step));
      }
    }

    State state() {
      FloatBuffer momentum = FloatBuffer.allocate(TABLE.length());
      server.readMomentum(0, momentum);
      FloatBuffer residual = FloatBuffer.allocate(5000);
      server.encoder().readResidual(0, residual);
      return new State(
          values(weights),
          values(target),
          momentum.array(),
          residual.array(),
          server.encoder().threshold());
    }

    /** Takes a state over, the momentum and the residual in two pieces each. */
    void take(State state) {
      write(state.weights, weights);
      write(state.target, target);
      server.writeMomentum(0, FloatBuffer.wrap(state.momentum, 0, 17));
      server.writeMomentum(17, FloatBuffer.wrap(state.momentum, 17, TABLE.length() - 17));
      server.encoder().writeResidual(0, FloatBuffer.wrap(state.residual, 0, 17));
      server.encoder().writeResidual(17, FloatBuffer.wrap(state.residual, 17, 5000 - 17));
      server.encoder().takeThreshold(state.threshold);
    }

    private double[] values(Tensor tensor) {
      if (device instanceof ReferenceDevice reference) {
        return reference.values(tensor);
      }
      FloatBuffer values = FloatBuffer.allocate((int) tensor.shape().elements());
      device.read(tensor, values);
      double[] widened = new double[values.capacity()];
      Arrays.setAll(widened, i -> values.get(i));
      return widened;
    }

    private void write(double[] values, Tensor to) {
      if (device instanceof ReferenceDevice reference) {
        reference.write(values, to);
        return;
      }
      FloatBuffer narrowed = FloatBuffer.allocate(values.length);
      for (double value : values) {
        narrowed.put((float) value);
      }
      device.write(narrowed.flip(), to);
    }

    @Override
    public void close() {
      server.close();
      device.close();
    }
  }

  @FunctionalInterface
  private interface Rate {
    double at(int step);
  }

  private static List<Collective> group(int replicas) {
    return LocalCollective.group(replicas, Duration.ofSeconds(30));
  }

  private static OptimizerSettings settings(Algorithm algorithm) {
    return new OptimizerSettings(algorithm, 0.2, 256, 0, 0.9, 0.01, true, 0.05, false);
  }

  private static double rate(int step) {
    return 0.5 / (1 + step);
  }

  private static double decay(int step) {
    return 0.9 + 0.0005 * step;
  }

  private static float[] gradient(int step, int rank) {
    Random random = new Random(1000L * step + rank);
    float[] values = new float[TABLE.length()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (1e-3 * random.nextGaussian());
    }
    return values;
  }

  private static double[] randoms(long seed, int length) {
    return new Random(seed).doubles(length, -1, 1).toArray();
  }
}
