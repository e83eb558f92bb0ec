package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.byol4j.device.cuda.MaskedBench.SEQUENCE;
import static org.byol4j.device.cuda.MaskedBench.TOO_MUCH;
import static org.byol4j.device.cuda.MaskedBench.WORKSPACE;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongFunction;
import org.byol4j.device.cuda.ConvolutionProblem.Arithmetic;
import org.byol4j.device.cuda.Gpu.MaskedRunner;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which of the fusions that are right is taken, and when none is. */
class MaskedTrialsTest {

  private static final String FUSED = "fused";

  @BeforeAll
  static void requireCompiler() {
    assumeTrue(HostKernels.areAvailable(), "g++ on x86-64 compiles our kernels for the host");
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void fusionThatIsFasterIsTaken(Arithmetic arithmetic) {
    try (MaskedBench bench = new MaskedBench(arithmetic)) {
      bench.add(SEQUENCE, 30, bench.sequence());
      bench.add("slow", 40, bench.fused());
      bench.add("fast", 20, bench.fused());
      bench.add("as fast", 20, bench.fused());

      assertThat(bench.fastest()).isEqualTo("fast");
    }
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void sequenceIsTakenWhereAFusionIsNoFaster(Arithmetic arithmetic) {
    try (MaskedBench bench = new MaskedBench(arithmetic)) {
      bench.add(SEQUENCE, 20, bench.sequence());
      bench.add(FUSED, 20, bench.fused());

      assertThat(bench.fastest()).isEqualTo(SEQUENCE);
    }
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void fusionThatGivesOtherBitsAnotherTimeIsPassedOver(Arithmetic arithmetic) {
    try (MaskedBench bench = new MaskedBench(arithmetic)) {
      bench.add(SEQUENCE, 30, bench.sequence());
      bench.add("unsteady", 1, unsteady(bench.gpu(), bench.fused()));

      assertThat(bench.fastest()).isEqualTo(SEQUENCE);
    }
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void sequenceThatGivesOtherBitsAnotherTimeIsTakenSinceNothingCanBeHeldAgainstIt(
      Arithmetic arithmetic) {
    try (MaskedBench bench = new MaskedBench(arithmetic)) {
      bench.add(SEQUENCE, 30, unsteady(bench.gpu(), bench.sequence()));
      bench.add(FUSED, 10, bench.fused());

      assertThat(bench.fastest()).isEqualTo(SEQUENCE);
    }
  }

  private static MaskedRunner unsteady(HostGpu gpu, MaskedRunner runner) {
    int[] runs = {0};
    return (x, w, y, addend, mask, workspace) -> {
      runner.run(x, w, y, addend, mask, workspace);
      int run = runs[0]++;
      gpu.start(() -> new Pointer(x).setByte(0, (byte) run));
    };
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void fusionThatCannotRunIsPassedOver(Arithmetic arithmetic) {
    try (MaskedBench bench = new MaskedBench(arithmetic)) {
      bench.add(SEQUENCE, 30, bench.sequence());
      bench.addRefusing("bad");
      bench.addWanting("large", TOO_MUCH, bench.fused());
      bench.add("good", 10, bench.fused());

      assertThat(bench.fastest()).isEqualTo("good");
    }
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void nothingIsTakenWhereTheSequenceDoesNotRun(Arithmetic arithmetic) {
    try (MaskedBench bench = new MaskedBench(arithmetic)) {
      bench.addRefusing(SEQUENCE);
      bench.add("good", 10, bench.fused());

      assertThatThrownBy(bench::fastest)
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessage(
              "way=sequence of convolution=%s does not run: status=3000", bench.problem().key());
    }
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void sequenceIsTakenUntriedWhereNoMemoryIsLent(Arithmetic arithmetic) {
    TrialGround.Lender none =
        new TrialGround.Lender() {
          @Override
          public <T> T lend(long bytes, LongFunction<T> work) {
            throw new OutOfMemoryError("none on purpose: bytes=" + bytes);
          }
        };
    try (MaskedBench bench = new MaskedBench(arithmetic)) {
      bench.add(SEQUENCE, 30, bench.sequence());
      bench.add(FUSED, 10, bench.fused());

      assertThat(bench.fastest(new TrialGround(0, 0, 0, none))).isEqualTo(SEQUENCE);
      assertThat(bench.nanos()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void sequenceIsTakenWhereItsWorkspaceFindsNoRoomBesideTheSample(Arithmetic arithmetic) {
    try (MaskedBench bench = new MaskedBench(arithmetic)) {
      bench.addWanting(SEQUENCE, TOO_MUCH, bench.sequence());
      bench.add(FUSED, 10, bench.fused());

      assertThat(bench.fastest()).isEqualTo(SEQUENCE);
    }
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void onlyWayIsTakenWithoutATrial(Arithmetic arithmetic) {
    try (MaskedBench bench = new MaskedBench(arithmetic)) {
      bench.add(SEQUENCE, 30, bench.sequence());
      long before = bench.gpu().allocations();

      assertThat(bench.fastest()).isEqualTo(SEQUENCE);
      assertThat(bench.nanos()).isZero();
      // the tensors of the operation
      assertThat(bench.gpu().allocations() - before).isEqualTo(3);
    }
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void resultsGoWhereTheOperationsGoAndAllElseIsLent(Arithmetic arithmetic) {
    Set<Long> results = new HashSet<>();
    List<Long> lent = new ArrayList<>();
    try (MaskedBench bench = new MaskedBench(arithmetic)) {
      bench.add(SEQUENCE, 30, noting(results, bench.sequence()));
      bench.add(FUSED, 10, noting(results, bench.fused()));
      long x = bench.gpu().allocate(bench.bytes());
      TrialGround.Lender counting =
          new TrialGround.Lender() {
            @Override
            public <T> T lend(long bytes, LongFunction<T> work) {
              lent.add(bytes);
              return bench.memory().lend(bytes, work);
            }
          };
      long before = bench.gpu().allocations();

      bench.fastest(new TrialGround(x, 0, 0, counting));

      assertThat(results).containsExactly(x);
      assertThat(bench.gpu().allocations() - before).isEqualTo(lent.size());
      // addend and mask, which share memory; gradients and filters; then a workspace for each plan
      ConvolutionProblem problem = bench.problem();
      long others = (problem.results() + problem.filters()) * arithmetic.element().bytes();
      assertThat(lent.get(0)).isBetween(bench.bytes() + others, bench.bytes() + others + 8192);
      assertThat(lent.subList(1, lent.size())).containsExactly(WORKSPACE, WORKSPACE);
      bench.gpu().free(x);
    }
  }

  private static MaskedRunner noting(Set<Long> results, MaskedRunner runner) {
    return (x, w, y, addend, mask, workspace) -> {
      results.add(x);
      runner.run(x, w, y, addend, mask, workspace);
    };
  }
}
