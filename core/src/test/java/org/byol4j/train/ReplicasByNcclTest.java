package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveSettings;
import org.byol4j.collective.CollectiveSettings.Kind;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.tcp.OpenGroups;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.cuda.GpuGroup;
import org.byol4j.device.cuda.HostCuda;
import org.byol4j.paramserver.ParameterServerSettings;
import org.byol4j.paramserver.ParameterServerSettings.TargetSync;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Gradients and weights from GPU to GPU, on GPUs made of the host, against those by TCP. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class ReplicasByNcclTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Setup SETUP = Setup.small();

  @RegisterExtension private final OpenGroups groups = new OpenGroups();

  /** What rank 0 was told. */
  private final List<String> said = new ArrayList<>();

  /**
   * A run.
   *
   * @param devices opens a replica's, by rank
   */
  private record Run(int size, TargetSync targetSync, int steps, IntFunction<Device> devices) {}

  @ParameterizedTest
  @CsvSource({"2, fp32, BROADCAST", "3, bf16, LOCAL"})
  void stepsGiveTheWeightsOfTcpToTheBit(int size, String precision, TargetSync targetSync) {
    expectSameWeights(new Run(size, targetSync, 4, onHosts(precision)));
  }

  @Tag("trial")
  @ParameterizedTest
  @CsvSource({"2, fp32, BROADCAST", "3, bf16, LOCAL"})
  void twentyStepsGiveTheWeightsOfTcpToTheBit(int size, String precision, TargetSync targetSync) {
    expectSameWeights(new Run(size, targetSync, SETUP.steps(), onHosts(precision)));
  }

  /** Through NCCL's own calls, on a driver and a NCCL for tests. */
  @Tag("driver")
  @ParameterizedTest
  @CsvSource({"2, fp32, BROADCAST", "3, bf16, LOCAL"})
  void stepsOnTheDriverGiveTheWeightsOfTcpToTheBit(
      int size, String precision, TargetSync targetSync, @TempDir Path cache) {
    HostCuda.requireDriver();
    expectSameWeights(
        new Run(
            size,
            targetSync,
            4,
            rank -> HostCuda.openOnDriver(precision, rank, cache, true, 5).device()));

    assertThat(HostCuda.leftOnDriver()).isEmpty();
  }

  @Tag("gpu")
  @Test
  void twoReplicasOnOneGpuGoByTcpAndSayWhy() {
    Run run =
        new Run(
            2,
            TargetSync.BROADCAST,
            SETUP.steps(),
            rank ->
                Devices.open(
                    new ComputeSettings(
                        "cuda",
                        "fp32",
                        1,
                        ComputeSettings.Convolution.AUTO,
                        ComputeSettings.Graphs.AUTO)));

    double[] byTcp = weights(run, Kind.TCP);
    double[] automatic = weights(run, Kind.AUTO);

    assertThat(said).singleElement().asString().contains("rank=0 and rank=1 share the GPU at ");
    assertThat(automatic).containsExactly(byTcp);
  }

  @Test
  void statisticsGoFromGpuToGpuWithoutAWaitOfTheHost() {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
    List<long[]> all =
        Replicas.run(
            groups.of(2),
            group -> {
              HostCuda.Counted counted =
                  HostCuda.openCounted("fp32", "0000:0%d:00.0".formatted(group.rank()));
              return waitsAndReplays(group, counted);
            });

    for (long[] waitsAndReplays : all) {
      // losses, statistics for the averages and norms come with one
      assertThat(waitsAndReplays[0]).isEqualTo(1);
      assertThat(waitsAndReplays[1]).isPositive();
    }
  }

  /** Of a step, when everything has come before. */
  private static long[] waitsAndReplays(Collective group, HostCuda.Counted counted) {
    int[] rows = RandomViews.rowsOf(group.rank(), group.size());
    int first = 4;
    int steps = 2;
    try (GpuGroup together =
            GpuGroup.of(
                group,
                counted.device(),
                new CollectiveSettings(Kind.NCCL, false, PATIENCE),
                text -> {});
        TinyReplica replica =
            new TinyReplica(
                counted.device(),
                together.collective(),
                SETUP,
                rows.length,
                ParameterServerSettings.synchronous(TargetSync.LOCAL, 0))) {
      for (int step = 0; step < first; step++) {
        replica.step.run(step, RandomViews.of(SETUP, step, rows));
      }
      long waits = counted.waits().getAsLong();
      long replays = counted.replays().getAsLong();
      for (int step = first; step < first + steps; step++) {
        replica.step.run(step, RandomViews.of(SETUP, step, rows));
      }
      return new long[] {
        (counted.waits().getAsLong() - waits) / steps,
        (counted.replays().getAsLong() - replays) / steps
      };
    }
  }

  /** Devices on GPUs made of the host, each of which says that it sits in another place. */
  private static IntFunction<Device> onHosts(String precision) {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
    return rank -> HostCuda.open(precision, "0000:0%d:00.0".formatted(rank));
  }

  private void expectSameWeights(Run run) {
    double[] byTcp = weights(run, Kind.TCP);
    double[] byNccl = weights(run, Kind.AUTO);

    assertThat(said).containsExactly("replicas exchange by NCCL, from GPU to GPU");
    assertThat(byNccl).containsExactly(byTcp);
  }

  /** What all replicas have after the last step. */
  private double[] weights(Run run, Kind kind) {
    List<double[]> all =
        Replicas.run(groups.of(run.size()), group -> train(group, run, kind, said));
    for (double[] one : all) {
      assertThat(one).containsExactly(all.get(0));
    }
    return all.get(0);
  }

  private static double[] train(Collective group, Run run, Kind kind, List<String> said) {
    int[] rows = RandomViews.rowsOf(group.rank(), group.size());
    Device device = run.devices().apply(group.rank());
    try (GpuGroup together =
            GpuGroup.of(group, device, new CollectiveSettings(kind, false, PATIENCE), said::add);
        TinyReplica replica =
            new TinyReplica(
                device,
                together.collective(),
                SETUP,
                rows.length,
                ParameterServerSettings.synchronous(run.targetSync(), 2))) {
      for (int step = 0; step < run.steps(); step++) {
        replica.step.run(step, RandomViews.of(SETUP, step, rows));
      }
      return withAverages(replica);
    }
  }

  /** The weights, and behind them the running averages of the batch statistics. */
  private static double[] withAverages(TinyReplica replica) {
    double[] weights = replica.onlineWeights();
    float[] running = replica.online.running();
    double[] all = Arrays.copyOf(weights, weights.length + running.length);
    for (int i = 0; i < running.length; i++) {
      all[weights.length + i] = running[i];
    }
    return all;
  }
}
