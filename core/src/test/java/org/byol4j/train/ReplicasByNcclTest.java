package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveSettings;
import org.byol4j.collective.CollectiveSettings.Kind;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.tcp.OpenGroups;
import org.byol4j.device.Device;
import org.byol4j.device.cuda.GpuGroup;
import org.byol4j.device.cuda.HostCuda;
import org.byol4j.paramserver.ParameterServerSettings;
import org.byol4j.paramserver.ParameterServerSettings.TargetSync;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Gradients and weights from GPU to GPU, on GPUs made of the host, against those by TCP. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class ReplicasByNcclTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @RegisterExtension private final OpenGroups groups = new OpenGroups();

  @ParameterizedTest
  @CsvSource({"2, fp32, BROADCAST", "3, bf16, LOCAL"})
  void stepsGiveTheWeightsOfTcpToTheBit(int size, String precision, TargetSync targetSync) {
    expectSameWeights(size, precision, targetSync, 4);
  }

  @Tag("trial")
  @ParameterizedTest
  @CsvSource({"2, fp32, BROADCAST", "3, bf16, LOCAL"})
  void twentyStepsGiveTheWeightsOfTcpToTheBit(int size, String precision, TargetSync targetSync) {
    expectSameWeights(size, precision, targetSync, Setup.small().steps());
  }

  private void expectSameWeights(int size, String precision, TargetSync targetSync, int steps) {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");

    List<String> said = new ArrayList<>();
    double[] byTcp = weights(size, precision, targetSync, steps, Kind.TCP, said);
    double[] byNccl = weights(size, precision, targetSync, steps, Kind.AUTO, said);

    assertThat(said).containsExactly("replicas exchange by NCCL, from GPU to GPU");
    assertThat(byNccl).containsExactly(byTcp);
  }

  /** What all replicas have after the last step. */
  private double[] weights(
      int size, String precision, TargetSync targetSync, int steps, Kind kind, List<String> said) {
    List<double[]> all =
        Replicas.run(
            groups.of(size), group -> train(group, precision, targetSync, steps, kind, said));
    for (double[] one : all) {
      assertThat(one).containsExactly(all.get(0));
    }
    return all.get(0);
  }

  private static double[] train(
      Collective group,
      String precision,
      TargetSync targetSync,
      int steps,
      Kind kind,
      List<String> said) {
    Setup setup = Setup.small();
    int[] rows = RandomViews.rowsOf(group.rank(), group.size());
    Device device = HostCuda.open(precision, "0000:0%d:00.0".formatted(group.rank()));
    try (GpuGroup together =
            GpuGroup.of(group, device, new CollectiveSettings(kind, false, PATIENCE), said::add);
        TinyReplica replica =
            new TinyReplica(
                device,
                together.collective(),
                setup,
                rows.length,
                ParameterServerSettings.synchronous(targetSync, 5))) {
      for (int step = 0; step < steps; step++) {
        replica.step.run(step, RandomViews.of(setup, step, rows));
      }
      return replica.onlineWeights();
    }
  }
}
