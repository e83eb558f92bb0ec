package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
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

  private final HostGpu gpu = new HostGpu(HostGpu.Order.FORWARDS);
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
  void nothingIsHeldWhereOnlyAPartOfTheTensorsHasMemory() {
    int large = 1 << 24;
    ConvolutionProblem vast =
        new ConvolutionProblem(
            Direction.FORWARD,
            Arithmetic.FP32,
            1,
            2,
            2,
            8,
            large,
            large,
            1 << 12,
            1,
            1,
            NONE,
            NONE);
    plans.put("good", taking(30));

    assertThatThrownBy(() -> new ConvolutionTrials(gpu, () -> now).fastest(vast, plans))
        .isInstanceOf(OutOfMemoryError.class);
    assertThat(gpu.allocations()).isEqualTo(2);
  }

  private String fastest() {
    return new ConvolutionTrials(gpu, () -> now).fastest(PROBLEM, plans);
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

  private static ConvolutionPlan plan(long workspaceBytes, Runnable run) {
    return new ConvolutionPlan() {
      @Override
      public long workspaceBytes() {
        return workspaceBytes;
      }

      @Override
      public void run(long x, long w, long y, long workspace) {
        run.run();
      }
    };
  }
}
