package org.byol4j.spark;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.spark.BarrierTaskContext;

/**
 * What it means for a replica that Spark has cancelled its task. While replicas still look for each
 * other it ends their waiting at once. Later they go on for a while: the driver tells them to stop
 * where a person has cancelled the job, so that they agree on a last step and write a checkpoint;
 * where others were lost they notice by themselves. Safe for any number of threads.
 */
final class TaskCancellation implements Supplier<Optional<String>> {
  /** How long replicas may take to the end of a step and its checkpoint. */
  static final Duration GRACE = Duration.ofMinutes(1);

  private final BarrierTaskContext task;
  private boolean isTogether;
  private boolean isCancelled;
  private long cancelledNanos;

  TaskCancellation(BarrierTaskContext task) {
    this.task = task;
  }

  /** Says that all replicas are connected. */
  synchronized void together() {
    isTogether = true;
  }

  /** Why waiting for other replicas is to end; empty if it is not. */
  @Override
  public synchronized Optional<String> get() {
    if (!task.isInterrupted()) {
      return Optional.empty();
    }
    long now = System.nanoTime();
    if (!isCancelled) {
      isCancelled = true;
      cancelledNanos = now;
    }
    return !isTogether || now - cancelledNanos > GRACE.toNanos()
        ? Optional.of("Spark has cancelled the task")
        : Optional.empty();
  }
}
