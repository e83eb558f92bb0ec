package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.spark.SparkConf;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.byol4j.train.ClusterSettings;
import org.byol4j.train.RunObserver;
import org.byol4j.train.StopSignal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class JobWatchTest {
  private static final CountDownLatch OTHER_BEGAN = new CountDownLatch(1);
  private static final CountDownLatch OURS_ENDED = new CountDownLatch(1);
  private static final CountDownLatch HOLDING = new CountDownLatch(1);
  private static final CountDownLatch SLOW_BEGAN = new CountDownLatch(1);
  private static final CountDownLatch SLOW_ENDED = new CountDownLatch(1);
  private static final CountDownLatch RELEASE = new CountDownLatch(1);

  @Test
  void stopEndsOurJobsAndNobodyElses() throws InterruptedException {
    SparkConf conf = conf();
    StopSignal stop = new StopSignal();
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      CompletableFuture<Void> other = CompletableFuture.runAsync(() -> runUntilOursEnded(spark));
      OTHER_BEGAN.await();
      stop.request();

      assertThatThrownBy(
              () -> new JobWatch(spark, stop, RunObserver.NONE).over(() -> runUntilKilled(spark)))
          .isInstanceOf(CancellationException.class);
      OURS_ENDED.countDown();
      assertThatCode(other::join).doesNotThrowAnyException();
    }
  }

  @Test
  void onlyOurStagesAreTold() throws InterruptedException {
    SparkConf conf = conf();
    Heard heard = new Heard();
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      CompletableFuture<Void> other = CompletableFuture.runAsync(() -> hold(spark, 1));
      HOLDING.await();

      new JobWatch(spark, new StopSignal(), heard, Duration.ofMillis(300))
          .over(
              () -> {
                CompletableFuture<Void> releases =
                    CompletableFuture.runAsync(() -> releaseWhenToldTwice(heard));
                hold(spark, 2);
                return releases.join();
              });
      other.join();
    }
    assertThat(heard.said())
        .hasSizeGreaterThanOrEqualTo(2)
        .allMatch(line -> line.matches("images: \\d of 2 tasks of stage \\d are done"));
  }

  @Test
  void tasksHaveEndedWhenTheirJobHasFailed() {
    try (JavaSparkContext spark = new JavaSparkContext(conf())) {
      JobWatch watch = new JobWatch(spark, new StopSignal(), RunObserver.NONE);

      assertThatThrownBy(() -> watch.over(() -> failBesideATaskThatTakesItsTime(spark)))
          .rootCause()
          .hasMessage("on purpose");

      assertThat(SLOW_ENDED.getCount()).isZero();
    }
  }

  private static int failBesideATaskThatTakesItsTime(JavaSparkContext spark) {
    spark
        .parallelize(List.of(0, 1), 2)
        .foreach(
            task -> {
              if (task == 0) {
                SLOW_BEGAN.await();
                throw new IOException("on purpose");
              }
              SLOW_BEGAN.countDown();
              while (!TaskContext.get().isInterrupted()) {
                Thread.onSpinWait();
              }
              LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));
              SLOW_ENDED.countDown();
            });
    return 1;
  }

  @Test
  void sparkThatEndsByItselfIsWorthRetrying() {
    JavaSparkContext spark = new JavaSparkContext(conf());
    JobWatch watch = new JobWatch(spark, new StopSignal(), RunObserver.NONE);

    assertThatThrownBy(
            () ->
                watch.over(
                    () -> {
                      spark.stop();
                      return spark.parallelize(List.of(1)).count();
                    }))
        .isInstanceOf(NoSlotsException.class)
        .hasMessage(
            "Spark has ended by itself: spark.master=local[2], expected a cluster that answers");
  }

  private static SparkConf conf() {
    ClusterSettings cluster =
        new ClusterSettings(
            "local[2]",
            1,
            // what began is seen at once, not with the next heartbeat
            Map.of("ui.enabled", "false", "ui.liveUpdate.period", "0"));
    return SparkProperties.ofTasks("", cluster, new SparkConf(false), 2);
  }

  private static void releaseWhenToldTwice(Heard heard) {
    while (heard.said().size() < 2) {
      Thread.onSpinWait();
    }
    RELEASE.countDown();
  }

  /** Runs a job whose tasks end when they are released. */
  private static void hold(JavaSparkContext spark, int tasks) {
    spark
        .parallelize(Collections.nCopies(tasks, 1), tasks)
        .foreach(
            task -> {
              HOLDING.countDown();
              RELEASE.await();
            });
  }

  private static void runUntilOursEnded(JavaSparkContext spark) {
    spark
        .parallelize(List.of(1), 1)
        .foreach(
            task -> {
              OTHER_BEGAN.countDown();
              OURS_ENDED.await();
            });
  }

  private static int runUntilKilled(JavaSparkContext spark) {
    try {
      spark
          .parallelize(List.of(1), 1)
          .foreach(
              task -> {
                while (!TaskContext.get().isInterrupted()) {
                  Thread.sleep(10);
                }
              });
      return 1;
    } catch (Exception e) {
      // Scala throws what no signature says
      throw new IllegalStateException(e);
    }
  }
}
