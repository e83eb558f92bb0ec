package org.byol4j.device.cuda;

import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_ENGINECFG_ENGINE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_ENGINEHEUR_DEVICEPROP;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_ENGINEHEUR_MODE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_ENGINEHEUR_RESULTS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_ENGINE_GLOBAL_INDEX;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_ENGINE_NUMERICAL_NOTE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_EXECUTION_PLAN_HANDLE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_ENGINECFG_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_ENGINE_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR;
import static org.bytedeco.cuda.global.cudnn.CUDNN_HEUR_MODE_A;
import static org.bytedeco.cuda.global.cudnn.CUDNN_HEUR_MODE_FALLBACK;
import static org.bytedeco.cuda.global.cudnn.CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS;
import static org.bytedeco.cuda.global.cudnn.CUDNN_NUMERICAL_NOTE_FFT;
import static org.bytedeco.cuda.global.cudnn.CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC;
import static org.bytedeco.cuda.global.cudnn.CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION;
import static org.bytedeco.cuda.global.cudnn.CUDNN_NUMERICAL_NOTE_TENSOR_CORE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_NUMERICAL_NOTE_WINOGRAD;
import static org.bytedeco.cuda.global.cudnn.CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13;
import static org.bytedeco.cuda.global.cudnn.CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4;
import static org.bytedeco.cuda.global.cudnn.CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_HEUR_MODE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_TYPE_NUMERICAL_NOTE;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes plans for convolutions: cuDNN's heuristics rank the ways, and those that break a promise of
 * the device are left out.
 *
 * <p>Left out always: what may give other bits another time, and what rounds inputs or sums more
 * than the precision says. For float32 also what rounds by its algorithm (Winograd's, Fourier's)
 * and what tensor cores compute, which round inputs to TF32.
 */
final class CudnnPlanner implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CudnnPlanner.class);

  /** How many ways of a list are looked at. */
  private static final int MOST = 64;

  private static final Set<Integer> NEVER =
      Set.of(
          CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC,
          CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS,
          CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION);

  private static final Set<Integer> NOT_FOR_FLOAT32 =
      Set.of(
          CUDNN_NUMERICAL_NOTE_TENSOR_CORE,
          CUDNN_NUMERICAL_NOTE_FFT,
          CUDNN_NUMERICAL_NOTE_WINOGRAD,
          CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4,
          CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6,
          CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13);

  private final Optional<cudnnContext> handle;
  private final Optional<CudnnDescriptor> properties;

  /** Which list of the heuristics. */
  private enum Ranking {
    BEST(CUDNN_HEUR_MODE_A),
    FALLBACK(CUDNN_HEUR_MODE_FALLBACK);

    private final int mode;

    Ranking(int mode) {
      this.mode = mode;
    }
  }

  private CudnnPlanner(Optional<cudnnContext> handle, Optional<CudnnDescriptor> properties) {
    this.handle = handle;
    this.properties = properties;
  }

  /** For the GPU of {@code handle}. */
  static CudnnPlanner forGpu(cudnnContext handle) {
    return new CudnnPlanner(Optional.of(handle), Optional.empty());
  }

  /** For a GPU that is not there, from cuDNN's description of one. */
  static CudnnPlanner forProperties(String json) {
    return new CudnnPlanner(
        Optional.empty(),
        Optional.of(
            new CudnnDescriptor(CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, "GPU")
                .setText(CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, json)
                .finish()));
  }

  /**
   * A way to compute a problem.
   *
   * @param name the same for the same way on the same GPU and version of cuDNN
   * @param plan ready to run; keeps alive what it was built from; the receiver closes it
   */
  record Way(String name, CudnnDescriptor plan, long workspaceBytes) implements AutoCloseable {

    @Override
    public void close() {
      plan.close();
    }
  }

  /**
   * The first ways that keep the promises, best first; the caller closes them.
   *
   * @param most how many
   */
  List<Way> ways(ConvolutionProblem problem, int most) {
    return first(problem, most, name -> true);
  }

  /** The way of that name, if there is one that keeps the promises; the caller closes it. */
  Optional<Way> way(ConvolutionProblem problem, String name) {
    return first(problem, 1, name::equals).stream().findFirst();
  }

  /** Of the first list that has any of those names. */
  private List<Way> first(ConvolutionProblem problem, int most, Predicate<String> names) {
    List<Way> ways = new ArrayList<>();
    Optional<CudnnGraph> made = graph(problem);
    if (made.isPresent()) {
      try (CudnnGraph graph = made.get()) {
        for (Ranking ranking : Ranking.values()) {
          if (ways.isEmpty()) {
            addWays(problem, graph, ranking, most, names, ways);
          }
        }
      }
    }
    return ways;
  }

  /** Empty for a fusion that this version does not take as a graph: it is one that there is not. */
  private Optional<CudnnGraph> graph(ConvolutionProblem problem) {
    try {
      return Optional.of(new CudnnGraph(problem, handle));
    } catch (CudnnException e) {
      if (problem.direction() != ConvolutionProblem.Direction.MASKED_DATA) {
        throw e;
      }
      LOG.info("cuDNN takes no fusion for convolution={}: {}", problem.key(), e.getMessage());
      return Optional.empty();
    }
  }

  private void addWays(
      ConvolutionProblem problem,
      CudnnGraph graph,
      Ranking ranking,
      int most,
      Predicate<String> names,
      List<Way> to) {
    List<CudnnDescriptor> made = new ArrayList<>();
    try (CudnnDescriptor heuristics = heuristics(graph, ranking)) {
      List<CudnnDescriptor> ranked = ranked(heuristics, made);
      for (int i = 0; i < ranked.size() && to.size() < most; i++) {
        CudnnDescriptor configuration = ranked.get(i).keep(graph.descriptor());
        way(problem, configuration, ranking + "-" + i, names).ifPresent(to::add);
      }
    } finally {
      made.forEach(CudnnDescriptor::close);
    }
  }

  /** The configurations of a list, best first, none where cuDNN has no such list for this graph. */
  private static List<CudnnDescriptor> ranked(
      CudnnDescriptor heuristics, List<CudnnDescriptor> made) {
    try {
      heuristics.finish();
      int count = Math.min(MOST, heuristics.count(CUDNN_ATTR_ENGINEHEUR_RESULTS));
      for (int i = 0; i < count; i++) {
        made.add(new CudnnDescriptor(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, "configuration " + i));
      }
      return heuristics.getInto(CUDNN_ATTR_ENGINEHEUR_RESULTS, made);
    } catch (CudnnException e) {
      return List.of();
    }
  }

  private CudnnDescriptor heuristics(CudnnGraph graph, Ranking ranking) {
    CudnnDescriptor heuristics =
        new CudnnDescriptor(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, "heuristics " + ranking)
            .refer(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph.descriptor())
            .setEnum(CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, ranking.mode);
    properties.ifPresent(gpu -> heuristics.refer(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, gpu));
    return heuristics;
  }

  /** The way of a configuration, if its name is wanted, it keeps the promises and runs here. */
  private Optional<Way> way(
      ConvolutionProblem problem,
      CudnnDescriptor configuration,
      String place,
      Predicate<String> names) {
    try (CudnnDescriptor engine =
        new CudnnDescriptor(CUDNN_BACKEND_ENGINE_DESCRIPTOR, "engine of " + place)) {
      configuration.getInto(CUDNN_ATTR_ENGINECFG_ENGINE, engine);
      String name = place + "-engine" + engine.getLong(CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
      int[] notes = engine.getEnums(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE);
      return names.test(name) && keepsPromises(problem.arithmetic(), notes)
          ? plan(configuration, name)
          : Optional.empty();
    } catch (CudnnException e) {
      // an engine that tells nothing of itself is not used; the others are
      return Optional.empty();
    }
  }

  /** Whether an engine with these notes may be used. */
  static boolean keepsPromises(ConvolutionProblem.Arithmetic arithmetic, int... notes) {
    return Arrays.stream(notes)
        .noneMatch(
            note ->
                NEVER.contains(note)
                    || (arithmetic == ConvolutionProblem.Arithmetic.FP32
                        && NOT_FOR_FLOAT32.contains(note)));
  }

  /** A configuration may turn out not to run on this GPU, or not with this alignment. */
  private Optional<Way> plan(CudnnDescriptor configuration, String name) {
    CudnnDescriptor plan =
        new CudnnDescriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, "plan " + name);
    try {
      handle.ifPresent(context -> plan.setHandle(CUDNN_ATTR_EXECUTION_PLAN_HANDLE, context));
      properties.ifPresent(gpu -> plan.refer(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, gpu));
      plan.refer(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration).finish();
      return Optional.of(
          new Way(name, plan, plan.getLong(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE)));
    } catch (CudnnException e) {
      plan.close();
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    properties.ifPresent(CudnnDescriptor::close);
  }
}
