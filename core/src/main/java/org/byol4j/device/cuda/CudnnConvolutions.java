package org.byol4j.device.cuda;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.cuda.cudnn.cudnnContext;

/**
 * Chooses cuDNN's way for each convolution: the one on record, else the fastest of the few that the
 * heuristics like best, which goes on record before it is used.
 */
final class CudnnConvolutions implements AutoCloseable {

  private static final int CANDIDATES = 4;
  private static final int WARM_UP = 1;
  private static final int RUNS = 5;

  private final Gpu gpu;
  private final cudnnContext handle;
  private final CudnnPlanner planner;
  private final PlanRecord record;
  private final Map<ConvolutionProblem, CudnnPlanner.Way> ways = new HashMap<>();
  private final List<CudnnConvolution> made = new ArrayList<>();

  CudnnConvolutions(Gpu gpu, cudnnContext handle, PlanRecord record) {
    this.gpu = gpu;
    this.handle = handle;
    this.record = record;
    planner = CudnnPlanner.forGpu(handle);
  }

  CudnnConvolution plan(ConvolutionProblem problem) {
    CudnnConvolution plan =
        new CudnnConvolution(handle, problem, ways.computeIfAbsent(problem, this::choose));
    made.add(plan);
    return plan;
  }

  private CudnnPlanner.Way choose(ConvolutionProblem problem) {
    Optional<CudnnPlanner.Way> recorded =
        record.chosen(problem).flatMap(name -> planner.way(problem, name));
    return recorded.orElseGet(() -> chooseAnew(problem));
  }

  private CudnnPlanner.Way chooseAnew(ConvolutionProblem problem) {
    List<CudnnPlanner.Way> candidates = planner.ways(problem, CANDIDATES);
    CudnnPlanner.Way fastest =
        candidates.size() == 1 ? candidates.get(0) : fastest(problem, candidates);
    String counts = record.keep(problem, fastest.name());
    CudnnPlanner.Way chosen =
        candidates.stream().filter(way -> way.name().equals(counts)).findFirst().orElse(fastest);
    candidates.stream()
        .filter(way -> !way.name().equals(chosen.name()))
        .forEach(CudnnPlanner.Way::close);
    return chosen;
  }

  private CudnnPlanner.Way fastest(ConvolutionProblem problem, List<CudnnPlanner.Way> candidates) {
    long workspaceBytes =
        candidates.stream().mapToLong(CudnnPlanner.Way::workspaceBytes).max().orElse(0);
    int element = problem.arithmetic().element().bytes();
    long x = zeros(problem.images() * element);
    long y = zeros(problem.results() * element);
    long w = zeros(problem.filters() * element);
    long workspace = gpu.allocate(workspaceBytes);
    try {
      CudnnPlanner.Way best = candidates.get(0);
      long least = Long.MAX_VALUE;
      for (CudnnPlanner.Way way : candidates) {
        long took = nanos(problem, way, x, w, y, workspace);
        if (took < least) {
          least = took;
          best = way;
        }
      }
      return best;
    } finally {
      gpu.free(x);
      gpu.free(y);
      gpu.free(w);
      gpu.free(workspace);
    }
  }

  private long zeros(long bytes) {
    long address = gpu.allocate(bytes);
    gpu.zero(address, bytes);
    return address;
  }

  private long nanos(
      ConvolutionProblem problem, CudnnPlanner.Way way, long x, long w, long y, long workspace) {
    try (CudnnConvolution plan = new CudnnConvolution(handle, problem, way)) {
      for (int i = 0; i < WARM_UP; i++) {
        plan.run(x, w, y, workspace);
      }
      gpu.await();
      long start = System.nanoTime();
      for (int i = 0; i < RUNS; i++) {
        plan.run(x, w, y, workspace);
      }
      gpu.await();
      return System.nanoTime() - start;
    }
  }

  @Override
  public void close() {
    made.forEach(CudnnConvolution::close);
    ways.values().forEach(CudnnPlanner.Way::close);
    planner.close();
  }
}
