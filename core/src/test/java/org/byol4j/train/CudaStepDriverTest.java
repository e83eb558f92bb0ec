package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.Collective;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.device.cuda.HostCuda;
import org.byol4j.train.CudaStepTest.Outcome;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole steps on the driver for tests, with every call that a step makes of NVIDIA's libraries. */
@Tag("driver")
@Timeout(value = 240, unit = TimeUnit.SECONDS)
final class CudaStepDriverTest {

  /** Shared by the devices of a test, so that all compute by the same ways. */
  @TempDir private Path cache;

  @BeforeEach
  void requireDriver() {
    HostCuda.requireDriver();
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(HostCuda.leftOnDriver()).isEmpty();
  }

  private HostCuda.Counted open(String precision, int gpu, boolean replaying, long seed) {
    return HostCuda.openOnDriver(precision, gpu, cache, replaying, seed);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fp32", "tf32", "bf16"})
  void replicaAloneWaitsOnceAStepAndStartsOneGraph(String precision) {
    Outcome eager = CudaStepTest.outcome(open(precision, 0, false, 1), Collective.single());
    Outcome replayed = CudaStepTest.outcome(open(precision, 0, true, 2), Collective.single());

    assertThat(eager.waits()).isEqualTo(1);
    assertThat(replayed.waits()).isEqualTo(1);
    assertThat(replayed.replays()).isEqualTo(1);
    assertThat(replayed.starts()).isEqualTo(1);
    assertThat(eager.starts()).isGreaterThan(100);
    assertThat(replayed.weights()).isEqualTo(eager.weights());
    assertThat(replayed.running()).isEqualTo(eager.running());
  }

  @Test
  void stepsGoTheWayOfThoseWithoutADriver() {
    Outcome driven = CudaStepTest.outcome(open("fp32", 0, true, 3), Collective.single());
    Outcome host = CudaStepTest.outcome(HostCuda.openCounted("fp32"), Collective.single());

    expectClose(driven.weights(), host.weights());
  }

  @Test
  void replicasWithAGpuEachLearnTheSameWeights() {
    List<Outcome> together =
        Replicas.run(
            LocalCollective.group(2, Duration.ofMinutes(2)),
            collective ->
                CudaStepTest.outcome(open("fp32", collective.rank(), true, 4), collective));
    Outcome alone = CudaStepTest.outcome(HostCuda.openCounted("fp32"), Collective.single());

    assertThat(together.get(0).weights()).isEqualTo(together.get(1).weights());
    expectClose(together.get(0).weights(), alone.weights());
  }

  /** Products may be added up in another order, and weights are changed by six steps. */
  private static void expectClose(List<Double> actual, List<Double> expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.size(); i++) {
      assertThat(actual.get(i)).as("weight %d", i).isCloseTo(expected.get(i), within(1e-4));
    }
  }
}
