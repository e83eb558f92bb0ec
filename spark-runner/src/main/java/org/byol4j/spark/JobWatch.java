package org.byol4j.spark;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.apache.spark.SparkStageInfo;
import org.apache.spark.api.java.JavaSparkContext;
import org.byol4j.train.RunObserver;
import org.byol4j.train.StopSignal;

/**
 * Watches jobs of Spark: a line now and then, and their end when a stop is asked for. They are a
 * group of their own: others may have jobs on the same Spark.
 */
final class JobWatch {
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);
  private static final Duration BETWEEN_LINES = Duration.ofSeconds(10);

  private final JavaSparkContext spark;
  private final StopSignal stop;
  private final RunObserver observer;
  private final String group = "byol4j-" + UUID.randomUUID();

  JobWatch(JavaSparkContext spark, StopSignal stop, RunObserver observer) {
    this.spark = spark;
    this.stop = stop;
    this.observer = observer;
  }

  /**
   * Runs {@code jobs}, which this thread starts, and watches meanwhile.
   *
   * @throws CancellationException if a stop was asked for before they were done
   */
  <T> T over(Supplier<T> jobs) {
    Thread watching = new Thread(this::watch, "watch-of-jobs");
    watching.setDaemon(true);
    spark.setJobGroup(group, "BYOL: images", false);
    watching.start();
    try {
      return jobs.get();
    } catch (RuntimeException e) {
      if (stop.isRequested()) {
        CancellationException stopped =
            new CancellationException("stopped while images were checked and written");
        stopped.initCause(e);
        throw stopped;
      }
      throw e;
    } finally {
      // later jobs are not its concern, nor to be cancelled by it
      watching.interrupt();
      joinUninterruptibly(watching);
      spark.clearJobGroup();
    }
  }

  private static void joinUninterruptibly(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void watch() {
    long start = System.nanoTime();
    long lines = 0;
    try {
      while (true) {
        Thread.sleep(BETWEEN_LOOKS.toMillis());
        if (stop.isRequested()) {
          // the next one may have begun meanwhile
          spark.cancelJobGroup(group);
        }
        if (System.nanoTime() - start > BETWEEN_LINES.toNanos() * (lines + 1)) {
          lines++;
          tell();
        }
      }
    } catch (InterruptedException e) {
      // the jobs are done
      Thread.currentThread().interrupt();
    }
  }

  private void tell() {
    for (int stage : spark.statusTracker().getActiveStageIds()) {
      SparkStageInfo info = spark.statusTracker().getStageInfo(stage);
      if (info != null) {
        observer.says(
            "images: %d of %d tasks of stage %d are done"
                .formatted(info.numCompletedTasks(), info.numTasks(), stage));
      }
    }
  }
}
