package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongFunction;
import org.byol4j.device.Padding;
import org.byol4j.device.cuda.ConvolutionProblem.Arithmetic;
import org.byol4j.device.cuda.ConvolutionProblem.Direction;
import org.byol4j.device.cuda.Gpu.MaskedPlan;
import org.byol4j.device.cuda.Gpu.MaskedRunner;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Fusions that are right and fusions that are not, beside what they replace. */
class MaskedTrialsTest {

  private static final long WORKSPACE = 64;

  /** More than any address space has. */
  private static final long TOO_MUCH = 1L << 60;

  /** What lies in the tensors of the operation. */
  private static final byte CONTENT = 17;

  private final HostGpu gpu = new HostGpu(HostGpu.Order.FORWARDS, TOO_MUCH / 2);
  private final TrialGround.Lender memory = TrialMemory.of(gpu);
  private final Map<String, MaskedPlan> plans = new LinkedHashMap<>();
  private long now;

  @BeforeAll
  static void requireCompiler() {
    assumeTrue(HostKernels.areAvailable(), "g++ on x86-64 compiles our kernels for the host");
  }

  @AfterEach
  void everythingIsFreed() {
    gpu.close();
    assertThat(gpu.held()).isZero();
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void fusionThatIsFasterIsTaken(Arithmetic arithmetic) {
    plans.put("sequence", taking(30, sequence(arithmetic)));
    plans.put("slow", taking(40, fused(arithmetic)));
    plans.put("fast", taking(20, fused(arithmetic)));
    plans.put("as fast", taking(20, fused(arithmetic)));

    assertThat(fastest(arithmetic)).isEqualTo("fast");
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void sequenceIsTakenWhereAFusionIsNoFaster(Arithmetic arithmetic) {
    plans.put("sequence", taking(20, sequence(arithmetic)));
    plans.put("fused", taking(20, fused(arithmetic)));

    assertThat(fastest(arithmetic)).isEqualTo("sequence");
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void fusionThatMakesSomethingElseIsPassedOver(Arithmetic arithmetic) {
    MaskedRunner right = fused(arithmetic);
    plans.put("sequence", taking(30, sequence(arithmetic)));
    plans.put("nothing", taking(1, (x, w, y, addend, mask, workspace) -> {}));
    plans.put("swapped", taking(1, (x, w, y, a, m, workspace) -> right.run(x, w, y, m, a, 0)));
    plans.put(
        "no addend",
        taking(
            1,
            (x, w, y, a, m, workspace) -> {
              gpu.zero(x, problem(arithmetic).images() * arithmetic.element().bytes());
              right.run(x, w, y, x, m, 0);
            }));
    plans.put(
        "no mask",
        taking(
            1,
            (x, w, y, a, m, workspace) -> {
              HostConvolutions.plan(gpu, problem(arithmetic).in(Direction.DATA)).run(x, w, y, 0);
            }));
    plans.put(
        "not all of it",
        taking(
            1,
            (x, w, y, a, m, workspace) -> {
              right.run(x, w, y, a, m, 0);
              long bytes = problem(arithmetic).images() * arithmetic.element().bytes();
              gpu.zero(x + bytes / 2, bytes / 16);
            }));
    plans.put(
        "not a number",
        taking(
            1,
            (x, w, y, a, m, workspace) -> {
              right.run(x, w, y, a, m, 0);
              gpu.start(() -> new Pointer(x).setInt(0, -1));
            }));

    assertThat(fastest(arithmetic)).isEqualTo("sequence");
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void fusionThatGivesOtherBitsAnotherTimeIsPassedOver(Arithmetic arithmetic) {
    MaskedRunner right = fused(arithmetic);
    int[] runs = {0};
    plans.put("sequence", taking(30, sequence(arithmetic)));
    plans.put(
        "unsteady",
        taking(
            1,
            (x, w, y, a, m, workspace) -> {
              right.run(x, w, y, a, m, 0);
              int run = runs[0]++;
              gpu.start(() -> new Pointer(x).setByte(0, (byte) run));
            }));

    assertThat(fastest(arithmetic)).isEqualTo("sequence");
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void fusionThatCannotRunIsPassedOver(Arithmetic arithmetic) {
    plans.put("sequence", taking(30, sequence(arithmetic)));
    plans.put("bad", refusing());
    plans.put("large", new MaskedPlan(TOO_MUCH, fused(arithmetic)));
    plans.put("good", taking(10, fused(arithmetic)));

    assertThat(fastest(arithmetic)).isEqualTo("good");
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void nothingIsTakenWhereThereIsNothingToHoldItAgainst(Arithmetic arithmetic) {
    plans.put("sequence", refusing());
    plans.put("good", taking(10, fused(arithmetic)));

    assertThatThrownBy(() -> fastest(arithmetic))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessage(
            "way=sequence of convolution=%s does not run: status=3000", problem(arithmetic).key());
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void sequenceIsTakenUntriedWhereNoMemoryIsLent(Arithmetic arithmetic) {
    plans.put("sequence", taking(30, sequence(arithmetic)));
    plans.put("fused", taking(10, fused(arithmetic)));
    TrialGround.Lender none =
        new TrialGround.Lender() {
          @Override
          public <T> T lend(long bytes, LongFunction<T> work) {
            throw new OutOfMemoryError("none on purpose: bytes=" + bytes);
          }
        };

    assertThat(
            new MaskedTrials(gpu, () -> now)
                .fastest(problem(arithmetic), plans, new TrialGround(0, 0, 0, none)))
        .isEqualTo("sequence");
    assertThat(now).isZero();
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void sequenceIsTakenWhereItsWorkspaceFindsNoRoomBesideTheSample(Arithmetic arithmetic) {
    plans.put("sequence", new MaskedPlan(TOO_MUCH, sequence(arithmetic)));
    plans.put("fused", taking(10, fused(arithmetic)));

    assertThat(fastest(arithmetic)).isEqualTo("sequence");
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void onlyWayIsTakenWithoutATrial(Arithmetic arithmetic) {
    plans.put("sequence", taking(30, sequence(arithmetic)));
    long before = gpu.allocations();

    assertThat(fastest(arithmetic)).isEqualTo("sequence");
    assertThat(now).isZero();
    // the tensors of the operation
    assertThat(gpu.allocations() - before).isEqualTo(3);
  }

  @ParameterizedTest
  @EnumSource(Arithmetic.class)
  void resultsGoWhereTheOperationsGoAndAllElseIsLent(Arithmetic arithmetic) {
    Set<Long> results = new HashSet<>();
    plans.put("sequence", taking(30, noting(results, sequence(arithmetic))));
    plans.put("fused", taking(10, noting(results, fused(arithmetic))));
    List<Long> lent = new ArrayList<>();
    ConvolutionProblem problem = problem(arithmetic);
    int element = arithmetic.element().bytes();
    long x = gpu.allocate(problem.images() * element);
    TrialGround.Lender counting =
        new TrialGround.Lender() {
          @Override
          public <T> T lend(long bytes, LongFunction<T> work) {
            lent.add(bytes);
            return memory.lend(bytes, work);
          }
        };
    long before = gpu.allocations();

    new MaskedTrials(gpu, () -> now).fastest(problem, plans, new TrialGround(x, 0, 0, counting));

    assertThat(results).containsExactly(x);
    assertThat(gpu.allocations() - before).isEqualTo(lent.size());
    // addend and mask, which share memory; gradients and filters; then a workspace for each plan
    long least = (problem.images() + problem.results() + problem.filters()) * element;
    assertThat(lent.get(0)).isBetween(least, least + 8192);
    assertThat(lent.subList(1, lent.size())).containsExactly(WORKSPACE, WORKSPACE);
    gpu.free(x);
  }

  private static MaskedRunner noting(Set<Long> results, MaskedRunner runner) {
    return (x, w, y, addend, mask, workspace) -> {
      results.add(x);
      runner.run(x, w, y, addend, mask, workspace);
    };
  }

  /** Of trials beside tensors whose contents, but for the result's, count. */
  private String fastest(Arithmetic arithmetic) {
    ConvolutionProblem problem = problem(arithmetic);
    int element = arithmetic.element().bytes();
    long x = gpu.allocate(problem.images() * element);
    long w = filled(problem.filters() * element);
    long y = filled(problem.results() * element);
    try {
      String fastest =
          new MaskedTrials(gpu, () -> now)
              .fastest(problem, plans, new TrialGround(x, w, y, memory));
      expectContent(w, problem.filters() * element);
      expectContent(y, problem.results() * element);
      return fastest;
    } finally {
      gpu.free(x);
      gpu.free(w);
      gpu.free(y);
    }
  }

  private long filled(long bytes) {
    long address = gpu.allocate(bytes);
    new Pointer(address).setMemory(0, bytes, CONTENT);
    return address;
  }

  private static void expectContent(long address, long bytes) {
    assertThat(new Pointer(address).getByteArray(0, (int) bytes)).containsOnly(CONTENT);
  }

  private MaskedRunner sequence(Arithmetic arithmetic) {
    ConvolutionProblem problem = problem(arithmetic);
    return memory.lend(
        problem.images() * arithmetic.element().bytes(),
        x -> gpu.maskedPlan(problem, new TrialGround(x, 0, 0, memory)).runner());
  }

  private MaskedRunner fused(Arithmetic arithmetic) {
    return HostConvolutions.maskedPlan(gpu, problem(arithmetic)).runner();
  }

  private MaskedPlan taking(long nanos, MaskedRunner runner) {
    return new MaskedPlan(
        WORKSPACE,
        (x, w, y, addend, mask, workspace) -> {
          now += nanos;
          runner.run(x, w, y, addend, mask, workspace);
        });
  }

  private static MaskedPlan refusing() {
    return new MaskedPlan(
        0,
        (x, w, y, addend, mask, workspace) -> {
          throw new CudnnException("status=3000");
        });
  }

  /** Images of more bytes than a piece that is looked at. */
  private static ConvolutionProblem problem(Arithmetic arithmetic) {
    Padding pad = Padding.both(1);
    return new ConvolutionProblem(
        Direction.MASKED_DATA, arithmetic, 4, 24, 24, 32, 24, 24, 16, 3, 1, pad, pad);
  }
}
