package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.byol4j.device.Padding;
import org.byol4j.device.cuda.ConvolutionProblem.Arithmetic;
import org.byol4j.device.cuda.ConvolutionProblem.Direction;
import org.byol4j.device.cuda.Gpu.ConvolutionPlan;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Plans of which some cannot run. */
class ConvolutionTrialsTest {
  private static final Padding NONE = Padding.both(0);
  private static final ConvolutionProblem PROBLEM =
      new ConvolutionProblem(
          Direction.FORWARD, Arithmetic.FP32, 1, 2, 2, 8, 2, 2, 8, 1, 1, NONE, NONE);

  /** More than any address space has. */
  private static final long TOO_MUCH = 1L << 60;

  private final HostGpu gpu = new HostGpu(HostGpu.Order.FORWARDS, TOO_MUCH / 2);
  private final Map<String, ConvolutionPlan> plans = new LinkedHashMap<>();
  private long now;

  @AfterEach
  void everythingIsFreed() {
    assertThat(gpu.held()).isZero();
    gpu.close();
  }

  @Test
  void fastestIsFound() {
    plans.put("slow", taking(30));
    plans.put("fast", taking(10));
    plans.put("as fast", taking(10));

    assertThat(fastest()).isEqualTo("fast");
  }

  @Test
  void planThatCannotRunIsPassedOver() {
    plans.put("bad", refusing(new CudnnException("status=3000")));
    plans.put("as bad", refusing(new CublasException("status=15")));
    plans.put("good", taking(30));

    assertThat(fastest()).isEqualTo("good");
  }

  @Test
  void planWithoutMemoryToWorkWithIsPassedOver() {
    plans.put("large", plan(TOO_MUCH, () -> now++));
    plans.put("good", taking(30));

    assertThat(fastest()).isEqualTo("good");
  }

  @Test
  void reasonOfEachIsToldWhereNoneCanRun() {
    plans.put("bad", refusing(new CudnnException("status=3000")));
    plans.put("worse", refusing(new CublasException("status=4000")));

    assertThatThrownBy(this::fastest)
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessage(
            "no deterministic way runs for convolution=%s tried=2:"
                + " bad: status=3000; worse: status=4000",
            PROBLEM.key());
  }

  @Test
  void wantOfMemoryIsTheErrorWhereNoneCanRun() {
    plans.put("bad", refusing(new CudnnException("status=3000")));
    plans.put("large", plan(TOO_MUCH, () -> now++));

    assertThatThrownBy(this::fastest)
        .isInstanceOf(OutOfMemoryError.class)
        .hasMessage("no GPU memory on purpose: bytes=" + TOO_MUCH);
  }

  @Test
  void trialsRunInTheTensorsOfTheOperationAndTakeOnlyAWorkspace() {
    List<String> places = new ArrayList<>();
    plans.put("good", placed(64, places));

    fastest();

    assertThat(new HashSet<>(places)).containsExactly("x=11 w=22 y=33");
    assertThat(gpu.allocations()).isEqualTo(1);
  }

  @Test
  void planWithoutAWorkspaceTakesNoMemory() {
    plans.put("good", placed(0, new ArrayList<>()));

    fastest();

    assertThat(gpu.allocations()).isZero();
  }

  @Test
  void gradientsOfFiltersAreTriedBesideThem() {
    List<String> places = new ArrayList<>();
    plans.put("good", placed(0, places));

    new ConvolutionTrials(gpu, () -> now)
        .fastest(
            PROBLEM.in(Direction.WEIGHTS), plans, new TrialGround(11, 22, 33, TrialMemory.of(gpu)));

    assertThat(places).allMatch(place -> place.matches("x=11 w=\\d{6,} y=33"));
    assertThat(gpu.allocations()).isEqualTo(1);
  }

  private String fastest() {
    return new ConvolutionTrials(gpu, () -> now)
        .fastest(PROBLEM, plans, new TrialGround(11, 22, 33, TrialMemory.of(gpu)));
  }

  private ConvolutionPlan taking(long nanos) {
    return plan(64, () -> now += nanos);
  }

  private static ConvolutionPlan refusing(RuntimeException reason) {
    return plan(
        0,
        () -> {
          throw reason;
        });
  }

  /** One that notes where it runs. */
  private ConvolutionPlan placed(long workspaceBytes, List<String> places) {
    return plan(workspaceBytes, (x, w, y) -> places.add("x=%d w=%d y=%d".formatted(x, w, y)));
  }

  private static ConvolutionPlan plan(long workspaceBytes, Runnable run) {
    return plan(workspaceBytes, (x, w, y) -> run.run());
  }

  /** What a plan does at given addresses. */
  @FunctionalInterface
  private interface Run {
    void at(long x, long w, long y);
  }

  private static ConvolutionPlan plan(long workspaceBytes, Run run) {
    return new ConvolutionPlan() {
      @Override
      public long workspaceBytes() {
        return workspaceBytes;
      }

      @Override
      public void run(long x, long w, long y, long workspace) {
        run.at(x, w, y);
      }
    };
  }
}
