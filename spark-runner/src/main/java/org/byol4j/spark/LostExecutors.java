package org.byol4j.spark;

import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;

/** Remembers why Spark lost an executor the last time. */
final class LostExecutors extends SparkListener {
  private volatile String last = "";

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    last =
        "; executor=%s was lost: %s"
            .formatted(removed.executorId(), removed.reason().lines().findFirst().orElse(""));
  }

  /** What happened so far does not count any more. */
  void forget() {
    last = "";
  }

  /** What to add to a message about missing executors; empty if none was lost. */
  String last() {
    return last;
  }
}
