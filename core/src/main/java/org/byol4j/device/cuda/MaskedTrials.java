package org.byol4j.device.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the fastest of a few plans for one masked gradient, each as a whole: a fusion against the
 * sequence of what it replaces. Passed over is what cannot run here or finds no memory to work
 * with, what gives other bits another time, and what differs from the first by more than rounding
 * does: engines of cuDNN that add up by atomics do not always say so, and of its masks it is not
 * said what they let through at 0.
 */
final class MaskedTrials {
  private static final Logger LOG = LoggerFactory.getLogger(MaskedTrials.class);

  private final Gpu gpu;
  private final PlanClock clock;

  /**
   * @param nanoTime a clock, in nanoseconds
   */
  MaskedTrials(Gpu gpu, LongSupplier nanoTime) {
    this.gpu = gpu;
    clock = new PlanClock(gpu, nanoTime);
  }

  /** What plans are tried on, and who has the memory that they work with. */
  private record Bench(MaskedSample sample, TrialGround.Lender lender) {}

  /** What a plan took and made. */
  private static final class Outcome {
    private final long nanos;
    private final float[] result;

    private Outcome(long nanos, float[] result) {
      this.nanos = nanos;
      this.result = result;
    }
  }

  /**
   * The name of the fastest, of equals the first. That one too where it is the only one, where
   * there is no memory to try it, or where it gives other bits another time: nothing can be held
   * against it then.
   *
   * @param plans by name, at least one; they stay the caller's. Others are held against the first
   * @param ground where results go, which lends what plans are tried on and work with
   * @throws UnsupportedOperationException if the first was tried and cannot run
   */
  String fastest(
      ConvolutionProblem problem, Map<String, Gpu.MaskedPlan> plans, TrialGround ground) {
    String first = plans.keySet().iterator().next();
    if (plans.size() == 1) {
      LOG.info("way={} of convolution={} is taken: there is no fusion", first, problem.key());
      return first;
    }
    try {
      return ground
          .lender()
          .lend(MaskedSample.lentBytes(problem), lent -> fastestOn(lent, problem, plans, ground));
    } catch (OutOfMemoryError e) {
      LOG.info(
          "way={} of convolution={} is taken: there is no memory to try it beside others: {}",
          first,
          problem.key(),
          e.getMessage());
      return first;
    }
  }

  private String fastestOn(
      long lent,
      ConvolutionProblem problem,
      Map<String, Gpu.MaskedPlan> plans,
      TrialGround ground) {
    try (MaskedSample sample = new MaskedSample(gpu, problem, ground.x(), lent)) {
      Bench bench = new Bench(sample, ground.lender());
      List<String> names = new ArrayList<>(plans.keySet());
      String best = names.get(0);
      Optional<Outcome> first = first(problem, best, plans.get(best), bench);
      if (first.isEmpty()) {
        return best;
      }
      long least = first.get().nanos;
      for (String name : names.subList(1, names.size())) {
        Optional<Outcome> other = other(problem, name, plans.get(name), bench);
        if (other.isPresent()
            && other.get().nanos < least
            && isAlike(problem, name, first.get().result, other.get().result)) {
          least = other.get().nanos;
          best = name;
        }
      }
      return best;
    }
  }

  /** Empty where nothing can be held against it. */
  private Optional<Outcome> first(
      ConvolutionProblem problem, String name, Gpu.MaskedPlan plan, Bench bench) {
    try {
      Optional<Outcome> outcome = timed(plan, bench);
      if (outcome.isEmpty()) {
        LOG.warn(
            "way={} of convolution={} gives other bits another time, and so will the run: the way of"
                + " convolution={} is at fault, and can be chosen anew without its line on record",
            name,
            problem.key(),
            problem.in(ConvolutionProblem.Direction.DATA).key());
      }
      return outcome;
    } catch (CudnnException | CublasException e) {
      throw new UnsupportedOperationException(
          "way=%s of convolution=%s does not run: %s"
              .formatted(name, problem.key(), e.getMessage()),
          e);
    }
  }

  /** Empty where it is passed over. */
  private Optional<Outcome> other(
      ConvolutionProblem problem, String name, Gpu.MaskedPlan plan, Bench bench) {
    try {
      Optional<Outcome> outcome = timed(plan, bench);
      if (outcome.isEmpty()) {
        LOG.warn(
            "way={} of convolution={} is passed over: it gives other bits another time",
            name,
            problem.key());
      }
      return outcome;
    } catch (CudnnException | CublasException | OutOfMemoryError e) {
      LOG.debug("way={} of convolution={} is passed over", name, problem.key(), e);
      return Optional.empty();
    }
  }

  /** Empty where it gives other bits another time. */
  private Optional<Outcome> timed(Gpu.MaskedPlan plan, Bench bench) {
    return plan.workspaceBytes() == 0
        ? timed(plan, bench.sample(), 0)
        : bench
            .lender()
            .lend(plan.workspaceBytes(), workspace -> timed(plan, bench.sample(), workspace));
  }

  private Optional<Outcome> timed(Gpu.MaskedPlan plan, MaskedSample sample, long workspace) {
    sample.clear();
    sample.start(plan, workspace);
    float[] result = sample.result();
    sample.clear();
    long nanos = clock.nanos(() -> sample.start(plan, workspace));
    return Arrays.equals(result, sample.result())
        ? Optional.of(new Outcome(nanos, result))
        : Optional.empty();
  }

  /**
   * How far results may be apart, of the largest of them. In bfloat16 they differ by three
   * roundings of 1/256 each at most, since a fusion rounds once; else by the order of sums and, for
   * TF32, by how factors are rounded, a few parts in 10^5 and 10^4. An addend or a mask too few is
   * 1/2.
   */
  private static float tolerance(ConvolutionProblem.Arithmetic arithmetic) {
    return switch (arithmetic) {
      case BF16 -> 1f / 64;
      case TF32 -> 1f / 256;
      case FP32 -> 1f / 16384;
    };
  }

  private static boolean isAlike(
      ConvolutionProblem problem, String name, float[] expected, float[] result) {
    float largest = 0;
    float apart = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      apart = Math.max(apart, Math.abs(result[i] - expected[i]));
    }
    // not a number is not alike
    boolean isAlike = apart <= tolerance(problem.arithmetic()) * largest;
    if (!isAlike) {
      LOG.warn(
          "way={} of convolution={} is passed over: it is apart={} from what it replaces, whose"
              + " largest value={}",
          name,
          problem.key(),
          apart,
          largest);
    }
    return isAlike;
  }
}
