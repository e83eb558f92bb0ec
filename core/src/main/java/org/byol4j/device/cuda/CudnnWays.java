package org.byol4j.device.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.cuda.cudnn.cudnnContext;

/** cuDNN's ways to compute convolutions. */
final class CudnnWays implements ConvolutionWays.Library {

  private final cudnnContext handle;
  private final CudnnPlanner planner;

  /**
   * @param handle of the GPU; stays the caller's
   */
  CudnnWays(cudnnContext handle) {
    this.handle = handle;
    planner = CudnnPlanner.forGpu(handle);
  }

  @Override
  public List<ConvolutionWays.Way> ways(ConvolutionProblem problem, int most) {
    List<ConvolutionWays.Way> ways = new ArrayList<>();
    planner.ways(problem, most).forEach(way -> ways.add(new Made(handle, problem, way)));
    return ways;
  }

  @Override
  public Optional<ConvolutionWays.Way> way(ConvolutionProblem problem, String name) {
    return planner.way(problem, name).map(way -> new Made(handle, problem, way));
  }

  @Override
  public void close() {
    planner.close();
  }

  /** A way and its users' plans, each of which remembers its addresses. */
  private static final class Made implements ConvolutionWays.Way {
    private final cudnnContext handle;
    private final ConvolutionProblem problem;
    private final CudnnPlanner.Way way;
    private final List<CudnnConvolution> plans = new ArrayList<>();

    private Made(cudnnContext handle, ConvolutionProblem problem, CudnnPlanner.Way way) {
      this.handle = handle;
      this.problem = problem;
      this.way = way;
    }

    @Override
    public String name() {
      return way.name();
    }

    @Override
    public Gpu.ConvolutionPlan plan() {
      CudnnConvolution plan = new CudnnConvolution(handle, problem, way);
      plans.add(plan);
      return plan;
    }

    @Override
    public void close() {
      plans.forEach(CudnnConvolution::close);
      way.close();
    }
  }
}
