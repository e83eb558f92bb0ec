package org.byol4j.device.cuda;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.cuda.cudnn.cudnnContext;

/**
 * Chooses cuDNN's way for each convolution: the one on record, else the fastest of the few that the
 * heuristics like best, which goes on record before it is used.
 */
final class CudnnConvolutions implements AutoCloseable {

  private static final int CANDIDATES = 4;

  private final cudnnContext handle;
  private final CudnnPlanner planner;
  private final PlanRecord record;
  private final ConvolutionTrials trials;
  private final Map<ConvolutionProblem, CudnnPlanner.Way> ways = new HashMap<>();
  private final List<CudnnConvolution> made = new ArrayList<>();

  CudnnConvolutions(Gpu gpu, cudnnContext handle, PlanRecord record) {
    this.handle = handle;
    this.record = record;
    trials = new ConvolutionTrials(gpu, System::nanoTime);
    planner = CudnnPlanner.forGpu(handle);
  }

  CudnnConvolution plan(ConvolutionProblem problem) {
    CudnnConvolution plan =
        new CudnnConvolution(handle, problem, ways.computeIfAbsent(problem, this::choose));
    made.add(plan);
    return plan;
  }

  private CudnnPlanner.Way choose(ConvolutionProblem problem) {
    return record.way(problem, () -> fastest(problem), name -> planner.way(problem, name));
  }

  private String fastest(ConvolutionProblem problem) {
    List<CudnnPlanner.Way> candidates = planner.ways(problem, CANDIDATES);
    Map<String, Gpu.ConvolutionPlan> plans = new LinkedHashMap<>();
    List<CudnnConvolution> tried = new ArrayList<>();
    try {
      for (CudnnPlanner.Way way : candidates) {
        CudnnConvolution plan = new CudnnConvolution(handle, problem, way);
        tried.add(plan);
        plans.put(way.name(), plan);
      }
      return trials.fastest(problem, plans);
    } finally {
      tried.forEach(CudnnConvolution::close);
      candidates.forEach(CudnnPlanner.Way::close);
    }
  }

  @Override
  public void close() {
    made.forEach(CudnnConvolution::close);
    ways.values().forEach(CudnnPlanner.Way::close);
    planner.close();
  }
}
