package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkContext;
import org.byol4j.metrics.StepRecord;
import org.byol4j.train.RunObserver;
import org.byol4j.train.RunSummary;
import org.byol4j.train.StopSignal;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Replicas of a real Spark that copy their shards: rank 0 has 0 and 1, rank 1 has 2 and 3. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class CopiedImagesTest {
  private static final int SHARDS = 4;

  @TempDir Path folder;
  private Path ingested;
  private SmallRun plain;

  @BeforeEach
  void ingest() {
    plain = SmallRun.in(folder, "plain", "cluster.replicas=2").withImagesOfItsOwn();
    ingested = folder.resolve("ingested");
    plain.ingestTo(ingested, SHARDS);
  }

  private SmallRun run(String... more) {
    return new SmallRun(HeldFileSystem.place(ingested), folder.resolve("run"), plain.assignments())
        .with(HeldFileSystem.key())
        .with(more);
  }

  @Test
  void replicaThatCopiesForLongIsWaitedForOutsideOfTheGroup() throws IOException {
    HeldFileSystem.slow(ingested, 2, 2500);
    HeldFileSystem.slow(ingested, 3, 2500);
    SmallRun run = run("collective.progress-timeout=4s", "cluster.max-restarts=0");
    Heard heard = new Heard();

    plain.onThreads();
    RunSummary summary = run.onSpark("", new StopSignal(), heard);

    assertThat(summary.finished()).isTrue();
    assertThat(run.digest()).isEqualTo(plain.digest());
    assertThat(heard.said())
        .anyMatch(line -> line.startsWith("copying images to executors: replicas=2 images="));
  }

  @Test
  void stopWhileImagesAreCopiedIsObeyed() throws IOException {
    HeldFileSystem.hold(ingested, 3);
    StopSignal stop = new StopSignal();

    assertThatThrownBy(() -> run().onSpark("", stop, new Reacts("copying images ", stop::request)))
        .isInstanceOf(CancellationException.class)
        // rank 0 may have less than rank 1 still
        .hasMessageMatching(
            "stopped before the first step: replicas=2 images=\\d+ of 12, last rank=\\d with [0-3] of 6");
  }

  @Test
  void shardsThatAreThereAreNotCopiedAgainWhenTheReplicasAreStartedAgain() throws IOException {
    HeldFileSystem.hold(ingested, 1);
    HeldFileSystem.hold(ingested, 3);
    SmallRun run = run();
    Reacts releases =
        new Reacts(
            "restart 1 of 3",
            () -> {
              HeldFileSystem.release(ingested, 1);
              HeldFileSystem.release(ingested, 3);
            });

    plain.onThreads();
    Thread kills = new Thread(this::killTheTaskThatHoldsShard3);
    kills.setDaemon(true);
    kills.start();
    RunSummary summary = run.onSpark("", new StopSignal(), releases);

    assertThat(summary.finished()).isTrue();
    assertThat(run.digest()).isEqualTo(plain.digest());
    assertThat(releases.heard().said()).anyMatch(line -> line.startsWith("restart 1 of 3"));
    assertThat(HeldFileSystem.opened(ingested, 0)).hasSize(1);
    assertThat(HeldFileSystem.opened(ingested, 2)).hasSize(1);
    assertThat(HeldFileSystem.opened(ingested, 3)).hasSize(2);
  }

  @Test
  void shardThatCannotBeReadIsReadWhenTheReplicasAreStartedAgain() throws IOException {
    HeldFileSystem.refuseOnce(ingested, 2);
    SmallRun run = run("cluster.max-restarts=1");
    Heard heard = new Heard();

    plain.onThreads();
    RunSummary summary = run.onSpark("", new StopSignal(), heard);

    assertThat(summary.finished()).isTrue();
    assertThat(run.digest()).isEqualTo(plain.digest());
    assertThat(heard.said())
        .filteredOn(line -> line.startsWith("restart 1 of 1"))
        .singleElement()
        .asString()
        .contains("rank=1 cannot bring its images here: cannot read ")
        .contains("shard-00002.parquet")
        .contains("connection reset by a test");
  }

  /** Once shards 0 and 2 are copied. */
  private void killTheTaskThatHoldsShard3() {
    while (HeldFileSystem.opened(ingested, 1).isEmpty()
        || HeldFileSystem.opened(ingested, 3).isEmpty()) {
      Thread.onSpinWait();
    }
    long task = HeldFileSystem.opened(ingested, 3).get(0).task();
    SparkContext.getOrCreate().killTaskAttempt(task, false, "killed on purpose");
  }

  /**
   * Does something when it hears a line.
   *
   * @param start how the line begins
   */
  record Reacts(String start, Runnable action, Heard heard) implements RunObserver {
    Reacts(String start, Runnable action) {
      this(start, action, new Heard());
    }

    @Override
    public void begins(long firstStep, long totalSteps, int stepsPerEpoch) {}

    @Override
    public void stepDone(StepRecord entry) {
      heard.stepDone(entry);
    }

    @Override
    public void says(String message) {
      heard.says(message);
      if (message.startsWith(start)) {
        action.run();
      }
    }
  }
}
