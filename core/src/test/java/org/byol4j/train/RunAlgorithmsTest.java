package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.byol4j.checkpoint.Algorithms;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.device.cuda.HostCuda;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What devices have chosen, from one part of a run to the next. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class RunAlgorithmsTest {
  private static final String PRODUCT = "FORWARD-FP32-n2-1x1x8-1x1x8-k1-s1-p0.0.0.0";
  private static final String MACHINE = "gpu=H200 cudnn=0 cublas=0";

  @BeforeEach
  void requireCompiler() {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
  }

  /**
   * What a part of a run comes to, on each replica.
   *
   * @param algorithms what goes into its checkpoints
   * @param warnings what is said where it goes on
   */
  private record Part(List<Algorithms> algorithms, List<String> warnings) {}

  private static List<Part> run(int size, IntFunction<Device> devices, List<Algorithms> before) {
    return Replicas.run(
        LocalCollective.group(size, Duration.ofSeconds(30)),
        collective -> {
          try (Device device = devices.apply(collective.rank())) {
            RunAlgorithms algorithms = new RunAlgorithms(device, collective);
            algorithms.prefer(before);
            device
                .matrixProduct(2, 8, 8, device.allocate(Shape.vector(64)))
                .forward(
                    device.allocateActivations(Shape.matrix(2, 8)),
                    device.allocateActivations(Shape.matrix(2, 8)));
            List<String> warnings = algorithms.differencesFrom(before);
            return new Part(algorithms.ofAll(), warnings);
          }
        });
  }

  private static Algorithms chosen(String machine, String way) {
    return new Algorithms(machine, Map.of(PRODUCT, way));
  }

  @Test
  void everyReplicaKnowsWhatEachHasChosen() {
    List<Part> parts =
        run(2, rank -> HostCuda.openChoosing("H200", rank == 0 ? "a" : "b", "c"), List.of());

    for (Part part : parts) {
      assertThat(part.algorithms()).containsExactly(chosen(MACHINE, "a"), chosen(MACHINE, "b"));
      assertThat(part.warnings()).isEmpty();
    }
  }

  @Test
  void ranksGoOnByTheirAlgorithmsOnAnotherHostOfTheSameKind() {
    List<Algorithms> before = List.of(chosen(MACHINE, "a"), chosen(MACHINE, "b"));
    for (Part part : run(2, rank -> HostCuda.openChoosing("H200", "c", "b", "a"), before)) {
      assertThat(part.algorithms()).isEqualTo(before);
      assertThat(part.warnings()).isEmpty();
    }
    // with more replicas the bits are others anyway
    for (Part part : run(3, rank -> HostCuda.openChoosing("H200", "c", "b", "a"), before)) {
      assertThat(part.algorithms().get(2)).isEqualTo(before.get(0));
    }
  }

  @Test
  void anotherKindOfGpuIsSaidWithBothNames() {
    List<Algorithms> before = List.of(chosen(MACHINE, "a"), chosen(MACHINE, "a"));
    List<Part> parts =
        run(2, rank -> HostCuda.openChoosing(rank == 1 ? "L4" : "H200", "b", "a"), before);

    for (Part part : parts) {
      assertThat(part.algorithms())
          .containsExactly(chosen(MACHINE, "a"), chosen("gpu=L4 cudnn=0 cublas=0", "b"));
      assertThat(part.warnings())
          .containsExactly(
              "resumed, but not to the bit: rank=1 computes by other algorithms: they were chosen"
                  + " on gpu=L4 cudnn=0 cublas=0, checkpoint has those of "
                  + MACHINE);
    }
  }

  @Test
  void algorithmThatCannotBeMadeIsSaidWithTheOneInItsPlace() {
    List<Part> parts =
        run(1, rank -> HostCuda.openChoosing("H200", "b"), List.of(chosen(MACHINE, "a")));

    assertThat(parts.get(0).warnings())
        .containsExactly(
            "resumed, but not to the bit: rank=0 computes by other algorithms: number=1 first "
                + PRODUCT
                + "=b, checkpoint has a");
  }

  @Test
  void devicesThatMeasureNothingExchangeNothing() {
    IntFunction<Device> onednn =
        rank ->
            Devices.open(
                new ComputeSettings(
                    "onednn",
                    "fp32",
                    1,
                    ComputeSettings.Convolution.AUTO,
                    ComputeSettings.Graphs.AUTO));

    for (Part part : run(2, onednn, List.of(chosen(MACHINE, "a")))) {
      assertThat(part.algorithms()).isEmpty();
      assertThat(part.warnings()).isEmpty();
    }
  }
}
