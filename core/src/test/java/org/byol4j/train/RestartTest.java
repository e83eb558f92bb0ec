package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.byol4j.checkpoint.Checkpoints;
import org.byol4j.metrics.StepRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the driver does when replicas are lost. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class RestartTest {
  @TempDir Path temp;
  private final StopSignal stop = new StopSignal();
  private final List<String> said = new ArrayList<>();
  private TinyRun run;

  @BeforeEach
  void drawImages() {
    run =
        TinyRun.of(TinyRun.drawImages(temp.resolve("images")), temp.resolve("run"))
            .withCheckpointEvery(2);
  }

  @Test
  void lostRunGoesOnFromTheNewestCheckpointToTheSameBits() {
    TinyRun undisturbed = run.withOut(temp.resolve("undisturbed"));
    undisturbed.run();
    LosesReplicas launcher = new LosesReplicas(2);

    RunSummary summary = run.run(launcher, 2, stop, launcher);

    assertThat(summary.finished()).isTrue();
    assertThat(launcher.checkpoints)
        .containsExactly("", Checkpoints.nameOf(2), Checkpoints.nameOf(2));
    assertThat(said.stream().filter(line -> line.startsWith("restart ")))
        .hasSize(2)
        .first()
        .asString()
        .startsWith("restart 1 of 2, from ")
        .endsWith("step-0000000002: the plug was pulled");
    assertThat(run.metrics()).isEqualTo(undisturbed.metrics());
    assertThat(run.state(TinyRun.STEPS))
        .usingRecursiveComparison()
        .isEqualTo(undisturbed.state(TinyRun.STEPS));
  }

  @Test
  void runIsGivenUpAfterSoManyRestarts() {
    LosesReplicas launcher = new LosesReplicas(9);

    assertThatThrownBy(() -> run.run(launcher, 1, stop, launcher))
        .isInstanceOf(LostReplicaException.class)
        .hasMessage("the plug was pulled; restarts=1 cluster.max-restarts=1");
    assertThat(launcher.checkpoints).hasSize(2);
  }

  @Test
  void stoppedRunIsNotStartedAgain() {
    LosesReplicas launcher = new LosesReplicas(9);
    stop.request();

    assertThatThrownBy(() -> run.run(launcher, 5, stop, launcher))
        .isInstanceOf(LostReplicaException.class);
    assertThat(launcher.checkpoints).hasSize(1);
  }

  /** Pulls the plug in the third step, so many times. */
  private final class LosesReplicas implements ReplicaLauncher, RunObserver {
    private final List<String> checkpoints = new ArrayList<>();
    private final int times;

    LosesReplicas(int times) {
      this.times = times;
    }

    @Override
    public RunSummary launch(RunStart start) {
      checkpoints.add(start.checkpoint());
      if (checkpoints.size() > times) {
        return new ThreadLauncher(TinyRun.PATIENCE, stop, this).launch(start);
      }
      try {
        new ThreadLauncher(TinyRun.PATIENCE, new StopSignal(), this).launch(start);
      } catch (IllegalStateException e) {
        throw new LostReplicaException("the plug was pulled", e);
      }
      throw new AssertionError("the plug was not pulled");
    }

    @Override
    public void begins(long firstStep, long totalSteps, int stepsPerEpoch) {}

    @Override
    public void stepDone(StepRecord entry) {
      if (checkpoints.size() <= times && entry.step() == 2) {
        throw new IllegalStateException("now");
      }
    }

    @Override
    public void says(String message) {
      said.add(message);
    }
  }
}
