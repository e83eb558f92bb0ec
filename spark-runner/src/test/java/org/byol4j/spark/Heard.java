package org.byol4j.spark;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.byol4j.metrics.StepRecord;
import org.byol4j.train.RunObserver;

/** Remembers what a run has told. */
final class Heard implements RunObserver {
  private final List<StepRecord> steps = new CopyOnWriteArrayList<>();
  private final List<String> said = new CopyOnWriteArrayList<>();

  @Override
  public void begins(long firstStep, long totalSteps, int stepsPerEpoch) {}

  @Override
  public void stepDone(StepRecord entry) {
    steps.add(entry);
  }

  @Override
  public void says(String message) {
    said.add(message);
  }

  List<StepRecord> steps() {
    return steps;
  }

  List<String> said() {
    return said;
  }
}
