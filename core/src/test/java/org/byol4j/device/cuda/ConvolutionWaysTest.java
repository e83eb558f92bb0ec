package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.byol4j.device.Padding;
import org.byol4j.device.cuda.ConvolutionProblem.Arithmetic;
import org.byol4j.device.cuda.ConvolutionProblem.Direction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The choice between libraries whose ways take a time that is known. */
class ConvolutionWaysTest {
  private static final Padding NONE = Padding.both(0);
  private static final ConvolutionProblem PROBLEM =
      new ConvolutionProblem(
          Direction.FORWARD, Arithmetic.FP32, 1, 2, 2, 8, 2, 2, 8, 1, 1, NONE, NONE);

  @TempDir private Path folder;

  private final HostGpu gpu = new HostGpu(HostGpu.Order.FORWARDS);
  private final List<String> ran = new ArrayList<>();
  private final TrialGround ground = new TrialGround(0, 0, 0, TrialMemory.of(gpu));
  private int open;
  private long now;

  @AfterEach
  void nothingIsLeftOpen() {
    assertThat(open).isZero();
    assertThat(gpu.held()).isZero();
    gpu.close();
  }

  @Test
  void fastestOfAllLibrariesIsTakenAndKept() {
    try (ConvolutionWays<Gpu.ConvolutionPlan> ways =
        of(List.of(library(Map.of("a1", 30L)), library(Map.of("b1", 20L, "b2", 40L))))) {
      expectRun(ways, "b1");
    }
    try (ConvolutionWays<Gpu.ConvolutionPlan> later =
        of(List.of(library(Map.of("a1", 1L)), library(Map.of("b1", 20L))))) {
      expectRun(later, "b1");
    }
  }

  @Test
  void firstLibraryIsTakenWhereBothAreAsFast() {
    try (ConvolutionWays<Gpu.ConvolutionPlan> ways =
        of(List.of(library(Map.of("a1", 20L)), library(Map.of("b1", 20L))))) {
      expectRun(ways, "a1");
    }
  }

  @Test
  void wayIsChosenOnceForAllItsUsers() {
    try (ConvolutionWays<Gpu.ConvolutionPlan> ways = of(List.of(library(Map.of("a1", 20L))))) {
      ways.plan(PROBLEM, ground);
      int tried = ran.size();
      ways.plan(PROBLEM, ground);
      assertThat(ran).hasSize(tried);
    }
  }

  @Test
  void keptWayOfALibraryThatLacksItNowIsAnError() {
    try (ConvolutionWays<Gpu.ConvolutionPlan> ways = of(List.of(library(Map.of("a1", 20L))))) {
      ways.plan(PROBLEM, ground);
    }
    try (ConvolutionWays<Gpu.ConvolutionPlan> later = of(List.of(library(Map.of("a2", 20L))))) {
      assertThatThrownBy(() -> later.plan(PROBLEM, ground))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("way=a1 file=" + folder);
    }
  }

  @Test
  void wayThatTheRunUsedBeforeIsTakenWhateverIsOnRecord() {
    try (ConvolutionWays<Gpu.ConvolutionPlan> ways =
        of(List.of(library(Map.of("a1", 20L, "a2", 30L))))) {
      expectRun(ways, "a1");
    }
    try (ConvolutionWays<Gpu.ConvolutionPlan> resumed =
        of(List.of(library(Map.of("a1", 20L, "a2", 30L))))) {
      resumed.prefer(Map.of(PROBLEM.key(), "a2"));
      expectRun(resumed, "a2");
      assertThat(resumed.names()).containsExactly(Map.entry(PROBLEM.key(), "a2"));
    }
    try (ConvolutionWays<Gpu.ConvolutionPlan> anew =
        of(List.of(library(Map.of("a1", 20L, "a2", 30L))))) {
      expectRun(anew, "a1");
    }
  }

  @Test
  void wayThatTheRunUsedBeforeGoesOnRecordWhereNoneIs() {
    try (ConvolutionWays<Gpu.ConvolutionPlan> resumed =
        of(List.of(library(Map.of("a1", 20L, "a2", 30L))))) {
      resumed.prefer(Map.of(PROBLEM.key(), "a2"));
      expectRun(resumed, "a2");
    }
    try (ConvolutionWays<Gpu.ConvolutionPlan> later =
        of(List.of(library(Map.of("a1", 20L, "a2", 30L))))) {
      expectRun(later, "a2");
    }
  }

  @Test
  void wayThatTheRunUsedBeforeAndCannotBeMadeHereIsChosenAnew() {
    try (ConvolutionWays<Gpu.ConvolutionPlan> resumed = of(List.of(library(Map.of("a1", 20L))))) {
      resumed.prefer(Map.of(PROBLEM.key(), "a2"));
      expectRun(resumed, "a1");
      assertThat(resumed.names()).containsExactly(Map.entry(PROBLEM.key(), "a1"));
    }
  }

  @Test
  void convolutionThatNoLibraryKnowsIsNamed() {
    try (ConvolutionWays<Gpu.ConvolutionPlan> ways = of(List.of(library(Map.of())))) {
      assertThatThrownBy(() -> ways.plan(PROBLEM, ground))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessageContaining("convolution=%s tried=0", PROBLEM.key());
    }
  }

  private void expectRun(ConvolutionWays<Gpu.ConvolutionPlan> ways, String name) {
    Gpu.ConvolutionPlan plan = ways.plan(PROBLEM, ground);
    ran.clear();
    plan.run(0, 0, 0, 0);
    assertThat(ran).containsExactly(name);
  }

  private ConvolutionWays<Gpu.ConvolutionPlan> of(
      List<ConvolutionWays.Library<Gpu.ConvolutionPlan>> libraries) {
    return new ConvolutionWays<>(
        libraries,
        new PlanRecord(new CacheFolder(folder), "GPU", 90500, 130000),
        new ConvolutionTrials(gpu, () -> now)::fastest);
  }

  /**
   * @param ways names and how long each runs
   */
  private ConvolutionWays.Library<Gpu.ConvolutionPlan> library(Map<String, Long> ways) {
    open++;
    return new ConvolutionWays.Library<>() {
      @Override
      public List<ConvolutionWays.Way<Gpu.ConvolutionPlan>> ways(
          ConvolutionProblem problem, int most) {
        return new TreeMap<>(ways)
            .entrySet().stream()
                .limit(most)
                .map(way -> made(way.getKey(), way.getValue()))
                .toList();
      }

      @Override
      public Optional<ConvolutionWays.Way<Gpu.ConvolutionPlan>> way(
          ConvolutionProblem problem, String name) {
        return Optional.ofNullable(ways.get(name)).map(nanos -> made(name, nanos));
      }

      @Override
      public void close() {
        open--;
      }
    };
  }

  private ConvolutionWays.Way<Gpu.ConvolutionPlan> made(String name, long nanos) {
    open++;
    return new ConvolutionWays.Way<>() {
      @Override
      public String name() {
        return name;
      }

      @Override
      public Gpu.ConvolutionPlan plan(TrialGround ground) {
        return new Gpu.ConvolutionPlan() {
          @Override
          public long workspaceBytes() {
            return 0;
          }

          @Override
          public void run(long x, long w, long y, long workspace) {
            ran.add(name);
            now += nanos;
          }
        };
      }

      @Override
      public void close() {
        open--;
      }
    };
  }
}
