package org.byol4j.device.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.cuda.cudnn.cudnnContext;

/**
 * cuDNN's ways to compute convolutions, alone or with what follows them.
 *
 * @param <P> what is started
 */
final class CudnnWays<P> implements ConvolutionWays.Library<P> {

  private final cudnnContext handle;
  private final CudnnPlanner planner;
  private final Function<CudnnConvolution, P> starter;

  private CudnnWays(cudnnContext handle, Function<CudnnConvolution, P> starter) {
    this.handle = handle;
    this.starter = starter;
    planner = CudnnPlanner.forGpu(handle);
  }

  /**
   * Ways to compute one direction alone.
   *
   * @param handle of the GPU; stays the caller's
   */
  static CudnnWays<Gpu.ConvolutionPlan> alone(cudnnContext handle) {
    return new CudnnWays<>(handle, convolution -> convolution);
  }

  /** Ways to compute masked gradients of images in one kernel. */
  static CudnnWays<Gpu.MaskedPlan> masked(cudnnContext handle) {
    return new CudnnWays<>(
        handle, convolution -> new Gpu.MaskedPlan(convolution.workspaceBytes(), convolution::run));
  }

  @Override
  public List<ConvolutionWays.Way<P>> ways(ConvolutionProblem problem, int most) {
    List<ConvolutionWays.Way<P>> ways = new ArrayList<>();
    planner.ways(problem, most).forEach(way -> ways.add(new Made(problem, way)));
    return ways;
  }

  @Override
  public Optional<ConvolutionWays.Way<P>> way(ConvolutionProblem problem, String name) {
    return planner.way(problem, name).map(way -> new Made(problem, way));
  }

  @Override
  public void close() {
    planner.close();
  }

  /** A way and its users' plans, each of which remembers its addresses. */
  private final class Made implements ConvolutionWays.Way<P> {
    private final ConvolutionProblem problem;
    private final CudnnPlanner.Way way;
    private final List<CudnnConvolution> plans = new ArrayList<>();

    private Made(ConvolutionProblem problem, CudnnPlanner.Way way) {
      this.problem = problem;
      this.way = way;
    }

    @Override
    public String name() {
      return way.name();
    }

    @Override
    public P plan(TrialGround ground) {
      CudnnConvolution plan = new CudnnConvolution(handle, problem, way);
      plans.add(plan);
      return starter.apply(plan);
    }

    @Override
    public void close() {
      plans.forEach(CudnnConvolution::close);
      way.close();
    }
  }
}
