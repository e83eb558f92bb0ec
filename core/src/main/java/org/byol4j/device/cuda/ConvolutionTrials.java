package org.byol4j.device.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Finds the fastest of a few plans for one convolution by running each where the convolution will
 * run. What cannot run here, or finds no memory to work with, is passed over: it is a reason to
 * choose another.
 */
final class ConvolutionTrials {

  private final PlanClock clock;

  /**
   * @param gpu what plans run on
   * @param nanoTime a clock, in nanoseconds
   */
  ConvolutionTrials(Gpu gpu, LongSupplier nanoTime) {
    clock = new PlanClock(gpu, nanoTime);
  }

  /**
   * The name of the fastest, of equals the first.
   *
   * @param plans by name; they stay the caller's
   * @throws UnsupportedOperationException if none can run, with the reason of each
   * @throws OutOfMemoryError if none can run and one of them for want of memory: the lender's error
   */
  String fastest(
      ConvolutionProblem problem, Map<String, Gpu.ConvolutionPlan> plans, TrialGround ground) {
    if (problem.direction() != ConvolutionProblem.Direction.WEIGHTS) {
      return fastest(problem, plans, ground, ground.w());
    }
    return ground
        .lender()
        .lend(problem.filters() * Float.BYTES, w -> fastest(problem, plans, ground, w));
  }

  private String fastest(
      ConvolutionProblem problem,
      Map<String, Gpu.ConvolutionPlan> plans,
      TrialGround ground,
      long w) {
    String best = "";
    long least = Long.MAX_VALUE;
    List<String> reasons = new ArrayList<>();
    List<OutOfMemoryError> shortages = new ArrayList<>();
    for (Map.Entry<String, Gpu.ConvolutionPlan> candidate : plans.entrySet()) {
      try {
        long took = nanos(candidate.getValue(), ground, w);
        if (took < least) {
          least = took;
          best = candidate.getKey();
        }
      } catch (OutOfMemoryError e) {
        shortages.add(e);
      } catch (CudnnException | CublasException e) {
        reasons.add(candidate.getKey() + ": " + e.getMessage());
      }
    }
    if (!best.isEmpty()) {
      return best;
    }
    if (!shortages.isEmpty()) {
      throw shortages.get(0);
    }
    throw new UnsupportedOperationException(
        "no deterministic way runs for convolution=%s tried=%d: %s"
            .formatted(problem.key(), plans.size(), String.join("; ", reasons)));
  }

  /** How long its runs take. */
  private long nanos(Gpu.ConvolutionPlan plan, TrialGround ground, long w) {
    return plan.workspaceBytes() == 0
        ? nanos(plan, ground, w, 0)
        : ground
            .lender()
            .lend(plan.workspaceBytes(), workspace -> nanos(plan, ground, w, workspace));
  }

  private long nanos(Gpu.ConvolutionPlan plan, TrialGround ground, long w, long workspace) {
    return clock.nanos(() -> plan.run(ground.x(), w, ground.y(), workspace));
  }
}
