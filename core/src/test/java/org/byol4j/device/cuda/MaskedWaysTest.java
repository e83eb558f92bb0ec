package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.byol4j.device.Padding;
import org.byol4j.device.cuda.ConvolutionProblem.Arithmetic;
import org.byol4j.device.cuda.ConvolutionProblem.Direction;
import org.byol4j.device.cuda.Gpu.MaskedPlan;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The choice between a fusion and the sequence that it replaces, from one process to the next. */
class MaskedWaysTest {
  private static final Padding PAD = Padding.both(1);
  private static final ConvolutionProblem PROBLEM =
      new ConvolutionProblem(
          Direction.MASKED_DATA, Arithmetic.FP32, 1, 4, 4, 8, 4, 4, 8, 3, 1, PAD, PAD);
  private static final String SEQUENCE = "sequence";
  private static final String FUSION = "fusion";

  @TempDir private Path folder;

  private final HostGpu gpu = new HostGpu(HostGpu.Order.FORWARDS);
  private TrialGround ground;
  private long now;

  @BeforeAll
  static void requireCompiler() {
    assumeTrue(HostKernels.areAvailable(), "g++ on x86-64 compiles our kernels for the host");
  }

  @BeforeEach
  void haveTensors() {
    long bytes = PROBLEM.images() * Float.BYTES;
    ground = new TrialGround(gpu.allocate(bytes), 0, 0, TrialMemory.of(gpu));
  }

  @AfterEach
  void everythingIsFreed() {
    gpu.free(ground.x());
    gpu.close();
    assertThat(gpu.held()).isZero();
  }

  @Test
  void fusionThatWasFasterIsTakenLaterWithoutATrial() {
    assertThat(chosen(fusionTaking(0), Map.of())).isEqualTo(FUSION);
    assertThat(chosen(fusionTaking(1), Map.of())).isEqualTo(FUSION);
  }

  @Test
  void runGoesOnByItsFusionWhereTheSequenceIsOnRecord() {
    assertThat(chosen(fusionTaking(1), Map.of())).isEqualTo(SEQUENCE);

    assertThat(chosen(fusionTaking(1), Map.of(PROBLEM.key(), FUSION))).isEqualTo(FUSION);
  }

  @Test
  void runGoesOnByTheSequenceWhereAFusionIsOnRecord() {
    assertThat(chosen(fusionTaking(0), Map.of())).isEqualTo(FUSION);

    assertThat(chosen(fusionTaking(0), Map.of(PROBLEM.key(), SEQUENCE))).isEqualTo(SEQUENCE);
  }

  @Test
  void fusionOfARunThatCannotBeMadeHereIsReplaced() {
    assertThat(chosen(fusionTaking(1), Map.of(PROBLEM.key(), "another"))).isEqualTo(SEQUENCE);
  }

  /** The name that a process has of its choice. */
  private String chosen(
      ConvolutionWays.Library<MaskedPlan> fusions, Map<String, String> preferred) {
    try (ConvolutionWays<MaskedPlan> ways =
        new ConvolutionWays<>(
            List.of(new SequenceWays(gpu), fusions),
            new PlanRecord(new CacheFolder(folder), "GPU", 90500, 130000),
            new MaskedTrials(gpu, () -> gpu.starts() + now)::fastest)) {
      ways.prefer(preferred);
      ways.plan(PROBLEM, ground);
      assertThat(ways.names()).containsOnlyKeys(PROBLEM.key());
      return ways.names().get(PROBLEM.key());
    }
  }

  /**
   * One fusion. The clock counts what is started, one for it and two for the sequence.
   *
   * @param more what it takes besides
   */
  private ConvolutionWays.Library<MaskedPlan> fusionTaking(long more) {
    return new ConvolutionWays.Library<>() {
      @Override
      public List<ConvolutionWays.Way<MaskedPlan>> ways(ConvolutionProblem problem, int most) {
        return List.of(fusion(more));
      }

      @Override
      public Optional<ConvolutionWays.Way<MaskedPlan>> way(
          ConvolutionProblem problem, String name) {
        return name.equals(FUSION) ? Optional.of(fusion(more)) : Optional.empty();
      }

      @Override
      public void close() {
        // it has nothing of its own
      }
    };
  }

  private ConvolutionWays.Way<MaskedPlan> fusion(long more) {
    MaskedPlan right = HostConvolutions.maskedPlan(gpu, PROBLEM);
    return new ConvolutionWays.Way<>() {
      @Override
      public String name() {
        return FUSION;
      }

      @Override
      public MaskedPlan plan(TrialGround mine) {
        return new MaskedPlan(
            0,
            (x, w, y, addend, mask, workspace) -> {
              now += more;
              right.run(x, w, y, addend, mask, workspace);
            });
      }

      @Override
      public void close() {
        // it has nothing of its own
      }
    };
  }
}
