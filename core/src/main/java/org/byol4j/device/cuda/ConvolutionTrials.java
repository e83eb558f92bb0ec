package org.byol4j.device.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * Finds the fastest of a few plans for one convolution by running each on zeros. What cannot run
 * here, or finds no memory to work with, is passed over: it is a reason to choose another.
 */
final class ConvolutionTrials {

  private static final int WARM_UP = 1;
  private static final int RUNS = 5;

  private final Gpu gpu;
  private final LongSupplier nanoTime;

  /**
   * @param nanoTime a clock, in nanoseconds
   */
  ConvolutionTrials(Gpu gpu, LongSupplier nanoTime) {
    this.gpu = gpu;
    this.nanoTime = nanoTime;
  }

  /**
   * The name of the fastest, of equals the first.
   *
   * @param plans by name; they stay the caller's
   * @throws UnsupportedOperationException if none can run, with the reason of each
   * @throws OutOfMemoryError if there is no memory for what any of them works on
   */
  String fastest(ConvolutionProblem problem, Map<String, Gpu.ConvolutionPlan> plans) {
    int element = problem.arithmetic().element().bytes();
    List<Long> held = new ArrayList<>();
    try {
      long x = zeros(problem.images() * element, held);
      long y = zeros(problem.results() * element, held);
      long w = zeros(problem.filters() * Float.BYTES, held);
      String best = null;
      long least = Long.MAX_VALUE;
      List<String> reasons = new ArrayList<>();
      for (Map.Entry<String, Gpu.ConvolutionPlan> candidate : plans.entrySet()) {
        OptionalLong took = nanos(candidate, x, w, y, reasons);
        if (took.isPresent() && took.getAsLong() < least) {
          least = took.getAsLong();
          best = candidate.getKey();
        }
      }
      if (best == null) {
        throw new UnsupportedOperationException(
            "no deterministic way runs for convolution=%s tried=%d: %s"
                .formatted(problem.key(), plans.size(), String.join("; ", reasons)));
      }
      return best;
    } finally {
      held.forEach(gpu::free);
    }
  }

  private long zeros(long bytes, List<Long> held) {
    long address = gpu.allocate(bytes);
    held.add(address);
    gpu.zero(address, bytes);
    return address;
  }

  /** How long its runs take; empty where it cannot run, with one more reason. */
  private OptionalLong nanos(
      Map.Entry<String, Gpu.ConvolutionPlan> candidate,
      long x,
      long w,
      long y,
      List<String> reasons) {
    try {
      return OptionalLong.of(nanos(candidate.getValue(), x, w, y));
    } catch (CudnnException | CublasException | OutOfMemoryError e) {
      reasons.add(candidate.getKey() + ": " + e.getMessage());
      return OptionalLong.empty();
    }
  }

  private long nanos(Gpu.ConvolutionPlan plan, long x, long w, long y) {
    long workspace = gpu.allocate(plan.workspaceBytes());
    try {
      for (int i = 0; i < WARM_UP; i++) {
        plan.run(x, w, y, workspace);
      }
      gpu.await();
      long start = nanoTime.getAsLong();
      for (int i = 0; i < RUNS; i++) {
        plan.run(x, w, y, workspace);
      }
      gpu.await();
      return nanoTime.getAsLong() - start;
    } finally {
      gpu.free(workspace);
    }
  }
}
