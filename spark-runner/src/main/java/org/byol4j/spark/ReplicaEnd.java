package org.byol4j.spark;

import java.io.Serializable;
import org.byol4j.train.RunSummary;

/**
 * A {@link RunSummary} on its way from an executor to the driver.
 *
 * @param checkpoint where the newest checkpoint lies
 */
record ReplicaEnd(
    long steps,
    boolean finished,
    double loss,
    double imagesPerSecond,
    double seconds,
    String checkpoint)
    implements Serializable {

  static ReplicaEnd of(RunSummary summary) {
    return new ReplicaEnd(
        summary.steps(),
        summary.finished(),
        summary.loss(),
        summary.imagesPerSecond(),
        summary.seconds(),
        summary.checkpoint());
  }

  RunSummary toSummary() {
    return new RunSummary(steps, finished, loss, imagesPerSecond, seconds, checkpoint);
  }
}
