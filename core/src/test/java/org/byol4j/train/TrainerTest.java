package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.byol4j.checkpoint.Checkpoints;
import org.byol4j.checkpoint.Section;
import org.byol4j.paramserver.NotFiniteException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class TrainerTest {
  @TempDir Path temp;
  private TinyRun run;

  @BeforeEach
  void drawImages() {
    run = TinyRun.of(TinyRun.drawImages(temp.resolve("images")), temp.resolve("run"));
  }

  @Test
  void twoReplicasTrainAsOneDoes() {
    TinyRun one = run.withCheckpointEvery(1).withOut(temp.resolve("one"));
    TinyRun two = one.withTrain(2, 5, 2).withOut(temp.resolve("two"));
    RunSummary alone = one.run();
    RunSummary together = two.run();
    assertThat(together.steps()).isEqualTo(alone.steps());
    assertThat(together.loss()).isCloseTo(alone.loss(), within(1e-3));
    assertThat(losses(two)).hasSize(TinyRun.STEPS).containsExactly(losses(one), within(1e-3));
    assertThat(Training.distance(way(two), way(one))).isLessThan(1e-2);
  }

  private static double[] losses(TinyRun run) {
    return run.metrics().stream().mapToDouble(line -> line.get("loss").doubleValue()).toArray();
  }

  /** What the weights became from the first step to the last. */
  private static double[] way(TinyRun run) {
    float[] first = run.state(1).get(Section.WEIGHTS);
    float[] last = run.state(TinyRun.STEPS).get(Section.WEIGHTS);
    double[] way = new double[last.length];
    Arrays.setAll(way, i -> (double) last[i] - first[i]);
    return way;
  }

  @Test
  void everyEpochIsEvaluatedAndEverySecondStepLookedAt() {
    run.run();
    List<ObjectNode> lines = run.metrics();
    for (int step = 0; step < TinyRun.STEPS; step++) {
      ObjectNode line = lines.get(step);
      assertThat(line.get("step").intValue()).isEqualTo(step);
      assertThat(line.get("epoch").intValue()).isEqualTo(step / 3);
      assertThat(line.has("knn_top1")).as("step=%d", step).isEqualTo(step % 3 == 2);
      assertThat(line.has("effective_rank")).as("step=%d", step).isEqualTo(step % 2 == 1);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void replicasShareAnEvaluationThatComesOutTheSame(int replicas) {
    TinyRun still = run.withSetup(run.setup().withLearningRate(0));
    TinyRun shared =
        still
            .withSetup(run.withTrain(2, 5, replicas).setup().withLearningRate(0))
            .withOut(temp.resolve("shared"));
    still.run();
    shared.run();
    assertThat(evaluations(shared))
        .hasSize(2)
        .isEqualTo(evaluations(still))
        .allSatisfy(share -> assertThat(share).isPositive());
  }

  private static List<Double> evaluations(TinyRun run) {
    return run.metrics().stream()
        .filter(line -> line.has("knn_top1"))
        .map(line -> line.get("knn_top1").doubleValue())
        .toList();
  }

  @Test
  void stopWritesACheckpointAndIsNoEnd() {
    RunSummary summary = run.runUntil(2);
    assertThat(summary.finished()).isFalse();
    assertThat(summary.steps()).isEqualTo(2);
    assertThat(run.checkpoints()).containsExactly(Checkpoints.nameOf(0), Checkpoints.nameOf(2));
    assertThat(summary.checkpoint())
        .isEqualTo(run.folder().checkpoints().resolve(Checkpoints.nameOf(2)).toString());
    assertThat(run.metrics()).hasSize(2);
    assertThat(summary.loss()).isEqualTo(losses(run)[1]);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void lossThatIsNotFiniteEndsTheRunInThatStep(int replicas) {
    TinyRun diverging =
        run.withTrain(2, 5, replicas)
            .withSetup(run.withTrain(2, 5, replicas).setup().withLearningRate(1e30))
            .withCheckpointEvery(1);
    assertThatThrownBy(diverging::run)
        .isInstanceOf(NotFiniteException.class)
        .hasMessageContaining("loss=")
        .hasMessageContaining("step=1,");
    assertThat(diverging.metrics()).hasSize(1);
    assertThat(diverging.checkpoints())
        .containsExactly(Checkpoints.nameOf(0), Checkpoints.nameOf(1));
  }
}
