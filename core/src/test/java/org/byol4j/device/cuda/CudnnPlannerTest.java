package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH;
import static org.bytedeco.cuda.global.cudnn.CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE;
import static org.bytedeco.cuda.global.cudnn.CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.byol4j.device.Padding;
import org.byol4j.device.cuda.ConvolutionProblem.Arithmetic;
import org.byol4j.device.cuda.ConvolutionProblem.Direction;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Plans for an H200 that is not there; needs cuDNN and what it loads, but no GPU. Where no driver
 * is, its place is taken by {@code driver_stub.c}.
 */
@Tag("cuda")
class CudnnPlannerTest {

  @ParameterizedTest
  @CsvSource({
    // size, inputs, outputs, kernel, stride, padding
    "224, 8, 64, 7, 2, 3",
    "56, 64, 64, 1, 1, 0",
    "56, 64, 64, 3, 1, 1",
    "56, 64, 256, 1, 1, 0",
    "57, 128, 128, 3, 2, 0",
    "56, 256, 512, 1, 2, 0",
    "7, 512, 2048, 1, 1, 0",
    "7, 512, 512, 3, 1, 1",
    "32, 8, 64, 3, 1, 1",
    "1, 2048, 4096, 1, 1, 0"
  })
  void everyLayerHasADeterministicWayInEveryPrecision(
      int size, int inputs, int outputs, int kernel, int stride, int pad) throws IOException {
    try (CudnnPlanner planner = CudnnPlanner.forProperties(h200())) {
      for (Arithmetic arithmetic : Arithmetic.values()) {
        for (Direction direction : List.of(Direction.FORWARD, Direction.DATA, Direction.WEIGHTS)) {
          expectWays(
              planner, problem(direction, arithmetic, size, inputs, outputs, kernel, stride, pad));
        }
      }
    }
  }

  @Test
  void planKeepsAliveWhatItWasBuiltFrom() throws IOException {
    ConvolutionProblem problem = problem(Direction.FORWARD, Arithmetic.BF16, 56, 64, 64, 3, 1, 1);
    CudnnPlanner planner = CudnnPlanner.forProperties(h200());
    try (CudnnPlanner.Way way = planner.ways(problem, 1).get(0)) {
      planner.close();

      assertThat(way.plan().getLong(CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE))
          .isEqualTo(way.workspaceBytes());
    }
  }

  @Test
  void graphLivesAsLongAsWhatRefersToIt() {
    ConvolutionProblem problem = problem(Direction.FORWARD, Arithmetic.BF16, 56, 64, 64, 3, 1, 1);
    CudnnGraph graph = new CudnnGraph(problem, Optional.empty());
    CudnnDescriptor heuristics =
        new CudnnDescriptor(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, "heuristics")
            .refer(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph.descriptor());

    graph.close();
    assertThat(graph.descriptor().isAlive()).isTrue();
    heuristics.close();
    assertThat(graph.descriptor().isAlive()).isFalse();
  }

  /** Few layers: these plans are compiled, a second each. */
  @ParameterizedTest
  @CsvSource({
    // size, inputs, outputs, kernel, stride, padding
    "56, 256, 64, 1, 1, 0",
    "56, 256, 512, 1, 2, 0",
    "8, 512, 512, 3, 1, 1"
  })
  void maskedGradientHasADeterministicWayInEveryPrecision(
      int size, int inputs, int outputs, int kernel, int stride, int pad) throws IOException {
    try (CudnnPlanner planner = CudnnPlanner.forProperties(h200())) {
      for (Arithmetic arithmetic : Arithmetic.values()) {
        expectWays(
            planner,
            problem(Direction.MASKED_DATA, arithmetic, size, inputs, outputs, kernel, stride, pad));
      }
    }
  }

  private static void expectWays(CudnnPlanner planner, ConvolutionProblem problem) {
    List<CudnnPlanner.Way> ways = planner.ways(problem, 2);
    assertThat(ways).as(problem.key()).isNotEmpty();
    String first = ways.get(0).name();
    ways.forEach(CudnnPlanner.Way::close);
    planner.way(problem, first).orElseThrow().close();
    assertThat(planner.way(problem, first + "0")).as(problem.key()).isEmpty();
  }

  private static ConvolutionProblem problem(
      Direction direction,
      Arithmetic arithmetic,
      int size,
      int inputs,
      int outputs,
      int kernel,
      int stride,
      int pad) {
    int out = (size + 2 * pad - kernel) / stride + 1;
    Padding padding = Padding.both(pad);
    return new ConvolutionProblem(
        direction,
        arithmetic,
        64,
        size,
        size,
        inputs,
        out,
        out,
        outputs,
        kernel,
        stride,
        padding,
        padding);
  }

  private static String h200() throws IOException {
    try (InputStream in = CudnnPlannerTest.class.getResourceAsStream("h200.json")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
