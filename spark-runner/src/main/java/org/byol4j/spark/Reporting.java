package org.byol4j.spark;

import org.byol4j.metrics.StepRecord;
import org.byol4j.train.RunObserver;

/** Shows a run to whoever watches, and to Spark's metrics. */
record Reporting(RunObserver observer, TrainingMetrics metrics) implements RunObserver {

  @Override
  public void begins(long firstStep, long totalSteps, int stepsPerEpoch) {
    observer.begins(firstStep, totalSteps, stepsPerEpoch);
  }

  @Override
  public void stepDone(StepRecord entry) {
    metrics.stepDone(entry);
    observer.stepDone(entry);
  }

  @Override
  public void says(String message) {
    observer.says(message);
  }
}
