package org.byol4j.spark;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import org.apache.spark.JobExecutionStatus;
import org.apache.spark.SparkJobInfo;
import org.apache.spark.SparkStageInfo;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.JavaSparkStatusTracker;
import org.byol4j.train.RunObserver;
import org.byol4j.train.StopSignal;

/**
 * Watches jobs of Spark: a line now and then, and their end when a stop is asked for. They are a
 * group of their own: others may have jobs on the same Spark.
 */
final class JobWatch {
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);
  private static final Duration SOME_SECONDS = Duration.ofSeconds(10);
  private static final Duration UNTIL_TASKS_END = Duration.ofSeconds(10);

  private final JavaSparkContext spark;
  private final StopSignal stop;
  private final RunObserver observer;
  private final Duration betweenLines;
  private final String group = "byol4j-" + UUID.randomUUID();

  JobWatch(JavaSparkContext spark, StopSignal stop, RunObserver observer) {
    this(spark, stop, observer, SOME_SECONDS);
  }

  /**
   * @param betweenLines how often the observer hears how far the jobs are
   */
  JobWatch(JavaSparkContext spark, StopSignal stop, RunObserver observer, Duration betweenLines) {
    this.betweenLines = betweenLines;
    this.spark = spark;
    this.stop = stop;
    this.observer = observer;
  }

  /**
   * Runs {@code jobs}, which this thread starts, and watches meanwhile. Where they fail, their
   * tasks have ended when it returns, if these take no more than some seconds.
   *
   * @throws CancellationException if a stop was asked for before they were done
   * @throws NoSlotsException if Spark has ended meanwhile, as one does whose cluster is gone
   */
  <T> T over(Supplier<T> jobs) {
    if (stop.isRequested()) {
      throw stopped();
    }
    TasksOfGroup tasks = new TasksOfGroup(group);
    spark.sc().addSparkListener(tasks);
    Thread watching = new Thread(this::watch, "watch-of-jobs");
    watching.setDaemon(true);
    spark.setJobGroup(group, "BYOL: images", false);
    watching.start();
    boolean isDone = false;
    try {
      T result = jobs.get();
      isDone = true;
      return result;
    } catch (RuntimeException e) {
      throw meaning(e);
    } finally {
      if (!isDone) {
        tasks.awaitEnd(spark.sc(), UNTIL_TASKS_END);
      }
      // later jobs are not its concern, nor to be cancelled by it
      watching.interrupt();
      joinUninterruptibly(watching);
      spark.clearJobGroup();
      spark.sc().removeSparkListener(tasks);
    }
  }

  private RuntimeException meaning(RuntimeException failure) {
    if (stop.isRequested()) {
      CancellationException stopped = stopped();
      stopped.initCause(failure);
      return stopped;
    }
    if (spark.sc().isStopped()) {
      NoSlotsException ended = NoSlotsException.afterTheEnd(spark.master());
      ended.initCause(failure);
      return ended;
    }
    return failure;
  }

  private static CancellationException stopped() {
    return new CancellationException("stopped while images were checked and written");
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
        if (System.nanoTime() - start > betweenLines.toNanos() * (lines + 1)) {
          lines++;
          tell();
        }
      }
    } catch (InterruptedException e) {
      // the jobs are done
      Thread.currentThread().interrupt();
    }
  }

  /** Tells of the stages that are under way; others may have stages on the same Spark. */
  private void tell() {
    JavaSparkStatusTracker tracker = spark.statusTracker();
    for (int job : tracker.getJobIdsForGroup(group)) {
      SparkJobInfo found = tracker.getJobInfo(job);
      if (found != null && found.status() == JobExecutionStatus.RUNNING) {
        for (int stage : found.stageIds()) {
          tell(tracker.getStageInfo(stage));
        }
      }
    }
  }

  /**
   * @param stage null if it has not begun, or Spark has forgotten it
   */
  private void tell(SparkStageInfo stage) {
    if (stage != null && stage.numActiveTasks() > 0) {
      observer.says(
          "images: %d of %d tasks of stage %d are done"
              .formatted(stage.numCompletedTasks(), stage.numTasks(), stage.stageId()));
    }
  }
}
