package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.byol4j.checkpoint.CheckpointReader;
import org.byol4j.metrics.StepRecord;
import org.byol4j.train.LostReplicaException;
import org.byol4j.train.RunObserver;
import org.byol4j.train.StopSignal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Launches on a real Spark that do not get on their way, or that somebody ends. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class StartAndStopTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void jobThatIsKilledInSparksPagesStopsAtACheckpointOfItsLastStep(int replicas) {
    SmallRun run =
        SmallRun.in(
            folder,
            "run",
            "cluster.replicas=" + replicas,
            "train.epochs=100000",
            "train.checkpoint-every-steps=100000",
            "cluster.spark.ui.enabled=true",
            "cluster.spark.ui.port=0");
    KillsTheJob kills = new KillsTheJob(3);

    Throwable end =
        catchThrowable(() -> run.onSpark("local[%d]".formatted(replicas), new StopSignal(), kills));

    long step = CheckpointReader.open(run.out()).manifest().step();
    assertThat(step).isGreaterThanOrEqualTo(3);
    assertThat(end)
        .isInstanceOf(CancellationException.class)
        .hasMessageStartingWith(
            "stopped after %d steps, as the job was cancelled in Spark; checkpoint ", step);
    assertThat(kills.heard.said()).noneMatch(line -> line.startsWith("restart "));
  }

  @Test
  void stopWhileReplicasWaitForTheirSlotsIsObeyed() {
    SmallRun run = SmallRun.in(folder, "run", "cluster.replicas=2");
    StopSignal stop = new StopSignal();
    try (BusySpark spark = new BusySpark("local[2]")) {
      spark.whenAnotherJobWaits(stop::request);
      assertThatThrownBy(() -> run.onSpark("local[2]", stop, RunObserver.NONE))
          .isInstanceOf(CancellationException.class)
          .hasMessage("stopped while replicas were started: replicas=2 running=0");
      spark.awaitJobs(1);
    }
  }

  @Test
  void slotsThatAreGoneWhenTheStageStartsAreNotWaitedForForEver() {
    SmallRun run = SmallRun.in(folder, "run", "cluster.replicas=2", "cluster.max-restarts=1");
    Heard heard = new Heard();
    try (BusySpark spark =
        new BusySpark(
            "local[2]",
            "spark.scheduler.maxRegisteredResourcesWaitingTime=1s",
            "spark.executor.heartbeatInterval=500ms",
            "spark.network.timeoutInterval=1s",
            "spark.network.timeout=2s")) {
      assertThatThrownBy(() -> run.onSpark("local[2]", new StopSignal(), heard))
          .isInstanceOf(LostReplicaException.class)
          .hasMessageStartingWith(
              "replicas=2 running=0 after 3 s, expected Spark to start all within that");
      assertThat(heard.said())
          .filteredOn(line -> line.startsWith("restart "))
          .singleElement()
          .asString()
          .contains("replicas=2 running=0 after 3 s");
      spark.awaitJobs(1);
    }
  }

  /** A Spark of this process, one of whose slots has other work. */
  private static final class BusySpark implements AutoCloseable {
    private static final CountDownLatch RELEASE = new CountDownLatch(1);

    private final JavaSparkContext spark;

    BusySpark(String master, String... properties) {
      SparkConf conf =
          new SparkConf()
              .setMaster(master)
              .setAppName("busy")
              .set("spark.ui.enabled", "false")
              // what began is seen at once, not with the next heartbeat
              .set("spark.ui.liveUpdate.period", "0")
              .set("spark.driver.host", "127.0.0.1")
              .set("spark.driver.bindAddress", "127.0.0.1")
              .set("spark.plugins", TrainingPlugin.class.getName());
      for (String property : properties) {
        conf.set(property.substring(0, property.indexOf('=')), after(property));
      }
      spark = new JavaSparkContext(conf);
      Thread other = new Thread(this::holdASlot);
      other.setDaemon(true);
      other.start();
      awaitJobs(1);
    }

    private void holdASlot() {
      try {
        spark.parallelize(List.of(1), 1).foreach(BusySpark::hold);
      } catch (Exception e) {
        // it is cancelled at the end
        assertThat(e).hasMessageContaining("cancelled");
      }
    }

    private static String after(String property) {
      return property.substring(property.indexOf('=') + 1);
    }

    private static void hold(int number) throws InterruptedException {
      RELEASE.await();
    }

    /** Returns when there are so many: what Spark shows lags behind. */
    void awaitJobs(int count) {
      while (spark.statusTracker().getActiveJobIds().length != count) {
        Thread.onSpinWait();
      }
    }

    /** Runs {@code action} when a second job is there. */
    void whenAnotherJobWaits(Runnable action) {
      Thread waits =
          new Thread(
              () -> {
                awaitJobs(2);
                action.run();
              });
      waits.setDaemon(true);
      waits.start();
    }

    @Override
    public void close() {
      spark.cancelAllJobs();
      spark.stop();
    }
  }

  /** Does what the link beside a job in Spark's user interface does. */
  private static final class KillsTheJob implements RunObserver {
    private final Heard heard = new Heard();
    private final long steps;

    KillsTheJob(long steps) {
      this.steps = steps;
    }

    @Override
    public void begins(long firstStep, long totalSteps, int stepsPerEpoch) {}

    @Override
    public void stepDone(StepRecord entry) {
      if (entry.step() + 1 != steps) {
        return;
      }
      SparkContext spark = SparkContext.getOrCreate();
      int job = spark.statusTracker().getActiveJobIds()[0];
      URI kill = URI.create(spark.uiWebUrl().get() + "/jobs/job/kill/?id=" + job);
      try {
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(kill).POST(BodyPublishers.noBody()).build(),
                BodyHandlers.discarding());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void says(String message) {
      heard.says(message);
    }
  }
}
