package org.byol4j.spark;

import java.util.Locale;
import org.apache.spark.api.java.JavaSparkContext;
import org.byol4j.metrics.StepRecord;
import org.byol4j.train.RunObserver;

/**
 * Shows a run to whoever watches, to Spark's metrics, and, an epoch at a time, to Spark's UI.
 * Confined to one thread.
 */
final class Reporting implements RunObserver {
  private final JavaSparkContext spark;
  private final RunObserver observer;
  private final TrainingMetrics metrics;
  private long totalSteps;
  private int stepsPerEpoch = 1;

  Reporting(JavaSparkContext spark, RunObserver observer, TrainingMetrics metrics) {
    this.spark = spark;
    this.observer = observer;
    this.metrics = metrics;
  }

  @Override
  public void begins(long firstStep, long itsTotalSteps, int itsStepsPerEpoch) {
    totalSteps = itsTotalSteps;
    stepsPerEpoch = itsStepsPerEpoch;
    observer.begins(firstStep, itsTotalSteps, itsStepsPerEpoch);
  }

  @Override
  public void stepDone(StepRecord entry) {
    metrics.stepDone(entry);
    observer.stepDone(entry);
    if ((entry.step() + 1) % stepsPerEpoch == 0) {
      showEpoch(entry);
    }
  }

  @Override
  public void says(String message) {
    observer.says(message);
  }

  /**
   * Puts a line into the list of jobs. The job that trains cannot change its description; one
   * without any task is done at once and needs no slot.
   */
  private void showEpoch(StepRecord entry) {
    spark.setJobDescription(
        String.format(
            Locale.ROOT,
            "epoch %d of %d: loss %.4f, feature std %.4f, %.1f images/s",
            entry.epoch() + 1,
            totalSteps / stepsPerEpoch,
            entry.loss(),
            entry.featureStd(),
            entry.timing().imagesPerSecond()));
    try {
      spark.emptyRDD().count();
    } catch (IllegalStateException e) {
      if (!spark.sc().isStopped()) {
        throw e;
      }
      // ended by a second signal: nobody sees the list any more
    }
  }
}
