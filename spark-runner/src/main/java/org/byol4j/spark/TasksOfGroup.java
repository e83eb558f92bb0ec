package org.byol4j.spark;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/** Counts the tasks that run for a group of jobs: some still do when a job has failed. */
final class TasksOfGroup extends SparkListener {
  private static final String GROUP = "spark.jobGroup.id";

  private final String group;
  private final Set<Object> stages = new HashSet<>();
  private int running;

  TasksOfGroup(String group) {
    this.group = group;
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart job) {
    if (job.properties() != null && group.equals(job.properties().getProperty(GROUP))) {
      job.stageIds().foreach(stage -> stages.add(stage));
    }
  }

  @Override
  public synchronized void onTaskStart(SparkListenerTaskStart task) {
    running += stages.contains(task.stageId()) ? 1 : 0;
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd task) {
    running -= stages.contains(task.stageId()) ? 1 : 0;
    notifyAll();
  }

  /**
   * Waits until no task runs that has begun so far. A Spark that is stopped before takes what tasks
   * then report for an error, and they would go on writing.
   *
   * @param patience how long that may take; tasks are waited for no longer
   */
  void awaitEnd(SparkContext spark, Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    try {
      // what has happened is told later
      spark.listenerBus().waitUntilEmpty(patience.toMillis());
      awaitEnd(end);
    } catch (TimeoutException e) {
      // others have Spark busy: it does not stop with us
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void awaitEnd(long end) throws InterruptedException {
    for (long left = end - System.nanoTime(); running > 0 && left > 0; ) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
      left = end - System.nanoTime();
    }
  }
}
