package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.byol4j.checkpoint.Checkpoints;
import org.byol4j.collective.Collective;
import org.byol4j.collective.FloatVector;
import org.byol4j.collective.ForwardingCollective;
import org.byol4j.collective.Vector;
import org.byol4j.paramserver.DivergedException;
import org.byol4j.paramserver.ParameterServerSettings;
import org.byol4j.paramserver.ParameterServerSettings.TargetSync;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is done before a checkpoint, and what after it. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class CheckpointOrderTest {
  @TempDir Path temp;
  private TinyRun run;

  @BeforeEach
  void drawImages() {
    run = TinyRun.of(TinyRun.drawImages(temp.resolve("images")), temp.resolve("run"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void evaluationThatFailsAfterTheLastStepLosesNothing(int replicas) {
    TinyRun evaluated = run.withTrain(2, 5, replicas);
    FaultyReplicas launcher = evaluationFails(2);

    assertThat(launcher.failureOf(evaluated)).hasMessage("evaluation 2 fails");

    assertThat(evaluated.checkpoints())
        .containsExactly(Checkpoints.nameOf(0), Checkpoints.nameOf(TinyRun.STEPS));
    List<ObjectNode> lines = evaluated.metrics();
    assertThat(lines).hasSize(TinyRun.STEPS);
    assertThat(lines.get(2).has("knn_top1")).isTrue();
    assertThat(lines.get(5).has("knn_top1")).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 2", "2, 1", "2, 2"})
  void resumedRunMakesUpForTheEvaluationThatItWasEndedIn(int replicas, int evaluation) {
    TinyRun undisturbed =
        run.withTrain(2, 5, replicas).withCheckpointEvery(3).withOut(temp.resolve("undisturbed"));
    undisturbed.run();
    TinyRun resumed = undisturbed.withOut(temp.resolve("resumed"));
    FaultyReplicas launcher = evaluationFails(evaluation);
    assertThat(launcher.failureOf(resumed)).hasMessage("evaluation %d fails", evaluation);
    int done = 3 * evaluation;
    assertThat(resumed.metrics()).hasSize(done).last().matches(line -> !line.has("knn_top1"));
    assertThat(resumed.checkpoints()).last().isEqualTo(Checkpoints.nameOf(done));

    RunSummary summary = resumed.run();

    assertThat(summary.steps()).isEqualTo(TinyRun.STEPS);
    assertThat(resumed.metrics()).isEqualTo(undisturbed.metrics());
    assertThat(resumed.state(TinyRun.STEPS))
        .usingRecursiveComparison()
        .isEqualTo(undisturbed.state(TinyRun.STEPS));
  }

  private static FaultyReplicas evaluationFails(int number) {
    return new FaultyReplicas(collective -> new EvaluationFails(collective, number));
  }

  /** Evaluations are all that gathers a vector in this process's memory. */
  private static final class EvaluationFails extends ForwardingCollective {
    private final int number;
    private int evaluations;

    EvaluationFails(Collective collective, int number) {
      super(collective);
      this.number = number;
    }

    @Override
    public void allGather(Vector values, long[] bounds) {
      if (values instanceof FloatVector && ++evaluations == number) {
        throw new IllegalStateException("evaluation %d fails".formatted(number));
      }
      super.allGather(values, bounds);
    }
  }

  @Test
  void replicasThatDifferWriteNoCheckpoint() {
    TinyRun unwatched =
        run.withTrain(2, 5, 2)
            .withServer(ParameterServerSettings.synchronous(TargetSync.BROADCAST, 0));
    FaultyReplicas launcher =
        new FaultyReplicas(
            collective -> collective.rank() == 1 ? new LastWeightsDamaged(collective) : collective);

    assertThat(launcher.failureOf(unwatched))
        .isInstanceOf(DivergedException.class)
        .hasMessageContaining("online weights step=5");

    assertThat(unwatched.checkpoints()).containsExactly(Checkpoints.nameOf(0));
  }

  /** Flips a bit of the weights that come last. */
  private static final class LastWeightsDamaged extends ForwardingCollective {
    private int gathers;

    LastWeightsDamaged(Collective collective) {
      super(collective);
    }

    @Override
    public void allGather(Vector values, long[] bounds) {
      super.allGather(values, bounds);
      if (!(values instanceof FloatVector) && ++gathers == TinyRun.STEPS) {
        ByteBuffer first = values.read(0, 1);
        int bits = first.getInt(first.position());
        ByteBuffer damaged = values.write(0, 1);
        damaged.putInt(damaged.position(), bits ^ 1);
        values.written(0, 1);
      }
    }
  }
}
