package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.byol4j.collective.Collective;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.device.Device;
import org.byol4j.device.cuda.HostCuda;
import org.byol4j.parameters.Slice;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How often a step on the device cuda waits, and what it starts, by kernels on the host. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class CudaStepTest {
  private static final Setup SMALL = Setup.small();

  /** Steps before everything has come twice. */
  private static final int FIRST_STEPS = 4;

  private static final int STEPS = 2;

  @BeforeAll
  static void requireCompiler() {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
  }

  /**
   * What the steps of a replica came to.
   *
   * @param waits of one step
   * @param starts of one step
   * @param replays of one step
   */
  record Outcome(
      long waits,
      long starts,
      long replays,
      int normalizations,
      List<Double> weights,
      List<Float> running) {}

  static Outcome outcome(HostCuda.Counted counted, Collective collective) {
    int[] rows = RandomViews.rowsOf(collective.rank(), collective.size());
    try (TinyReplica replica =
        new TinyReplica(counted.device(), collective, SMALL, rows.length, TinyReplica.Flaw.NONE)) {
      for (int step = 0; step < FIRST_STEPS; step++) {
        replica.step.run(step, RandomViews.of(SMALL, step, rows));
      }
      long waits = counted.waits().getAsLong();
      long starts = counted.starts().getAsLong();
      long replays = counted.replays().getAsLong();
      for (int step = FIRST_STEPS; step < FIRST_STEPS + STEPS; step++) {
        replica.step.run(step, RandomViews.of(SMALL, step, rows));
      }
      return new Outcome(
          (counted.waits().getAsLong() - waits) / STEPS,
          (counted.starts().getAsLong() - starts) / STEPS,
          (counted.replays().getAsLong() - replays) / STEPS,
          normalizations(replica),
          Arrays.stream(replica.onlineWeights()).boxed().toList(),
          running(replica.online.running()));
    }
  }

  /**
   * Normalizations of a step: forward and backward of the online network, forward of the target.
   */
  private static int normalizations(TinyReplica replica) {
    return 2
        * (2 * scales(replica.online.table().slices()) + scales(replica.target.table().slices()));
  }

  private static List<Float> running(float[] values) {
    return IntStream.range(0, values.length).mapToObj(i -> values[i]).toList();
  }

  private static int scales(List<Slice> slices) {
    return (int) slices.stream().filter(slice -> slice.kind() == Slice.Kind.NORM_SCALE).count();
  }

  @Test
  void replicaAloneWaitsOnceAStepAndStartsOneRecording() {
    Outcome eager = outcome(HostCuda.openCounted("fp32"), Collective.single());
    Outcome replayed = outcome(HostCuda.openReplaying("fp32"), Collective.single());

    assertThat(eager.waits()).isEqualTo(1);
    assertThat(replayed.waits()).isEqualTo(1);
    assertThat(replayed.replays()).isEqualTo(1);
    assertThat(replayed.starts()).isEqualTo(1);
    assertThat(eager.starts()).isGreaterThan(100);
    assertThat(replayed.weights()).isEqualTo(eager.weights());
    assertThat(replayed.running()).isEqualTo(eager.running());
  }

  /**
   * The gradient with respect to the output of a block: of the seven blocks that another follows,
   * those of 8 and more channels.
   */
  @Test
  void fusionSavesAKernelForEachBlockThatAnotherFollowsAndIsReplayed() {
    Outcome sequence = outcome(HostCuda.openCounted("fp32"), Collective.single());
    Outcome fused = outcome(HostCuda.openFusing("fp32"), Collective.single());
    Outcome replayed = outcome(HostCuda.openReplayingFusing("fp32"), Collective.single());

    long blocks = 5;
    long views = 2;
    assertThat(sequence.starts() - fused.starts()).isEqualTo(blocks * views);
    assertThat(replayed.starts()).isEqualTo(1);
    assertThat(replayed.weights()).isEqualTo(fused.weights());
  }

  @Test
  void replicaOfTwoWaitsForEachExchangeOfStatisticsAndOnceForNorms() {
    List<Outcome> eager = together(false);
    List<Outcome> replayed = together(true);

    for (int rank = 0; rank < 2; rank++) {
      assertThat(eager.get(rank).waits()).isEqualTo(eager.get(rank).normalizations() + 1);
      assertThat(replayed.get(rank).waits()).isEqualTo(eager.get(rank).waits());
      assertThat(replayed.get(rank).replays()).isPositive();
      assertThat(replayed.get(rank).starts()).isLessThan(eager.get(rank).starts());
      assertThat(replayed.get(rank).weights()).isEqualTo(eager.get(rank).weights());
      assertThat(replayed.get(rank).running()).isEqualTo(eager.get(rank).running());
    }
  }

  private static List<Outcome> together(boolean replaying) {
    return Replicas.run(
        LocalCollective.group(2, Duration.ofSeconds(60)),
        collective ->
            outcome(
                replaying ? HostCuda.openReplaying("fp32") : HostCuda.openCounted("fp32"),
                collective));
  }

  @Test
  void weightsWrittenBetweenStepsAreThoseOfTheNextRecordedStep() {
    double[] eager = disturbed(HostCuda.openCounted("bf16"));
    double[] replayed = disturbed(HostCuda.openReplaying("bf16"));

    assertThat(replayed).isEqualTo(eager);
  }

  /** The weights after steps between which other weights were put, and the target's changed. */
  private static double[] disturbed(HostCuda.Counted counted) {
    Device device = counted.device();
    int[] rows = RandomViews.rowsOf(0, 1);
    try (TinyReplica replica =
        new TinyReplica(device, Collective.single(), SMALL, rows.length, TinyReplica.Flaw.NONE)) {
      for (int step = 0; step < FIRST_STEPS; step++) {
        replica.step.run(step, RandomViews.of(SMALL, step, rows));
      }
      float[] weights = new float[(int) replica.online.weights().shape().elements()];
      device.read(replica.online.weights(), FloatBuffer.wrap(weights));
      for (int i = 0; i < weights.length; i++) {
        weights[i] = -weights[i];
      }
      device.write(FloatBuffer.wrap(weights), replica.online.weights());
      device.fill(0.01, replica.target.weights());
      replica.step.run(FIRST_STEPS, RandomViews.of(SMALL, FIRST_STEPS, rows));
      return replica.onlineWeights();
    }
  }
}
