package org.byol4j.cli;

import org.byol4j.metrics.StepRecord;
import org.byol4j.train.RunObserver;

/**
 * Says what a signal does to a training, from what is heard of its steps: one that is told of is
 * behind its checkpoint, if one was due. Replicas may be further than what was heard of them.
 */
final class TrainingNotice implements RunObserver, SignalNotice {
  private final RunObserver shown;
  private final long checkpointEvery;
  private volatile boolean isBegun;
  private volatile long newest;

  /**
   * @param shown hears of everything, too
   * @param checkpointEvery a checkpoint is due after that many steps, at least 1
   */
  TrainingNotice(RunObserver shown, long checkpointEvery) {
    this.shown = shown;
    this.checkpointEvery = checkpointEvery;
  }

  @Override
  public void begins(long firstStep, long totalSteps, int stepsPerEpoch) {
    newest = firstStep;
    isBegun = true;
    shown.begins(firstStep, totalSteps, stepsPerEpoch);
  }

  @Override
  public void stepDone(StepRecord entry) {
    long done = entry.step() + 1;
    newest = Math.max(newest, done - done % checkpointEvery);
    shown.stepDone(entry);
  }

  @Override
  public void says(String message) {
    shown.says(message);
  }

  @Override
  public String stopping() {
    return isBegun
        ? "stopping after this step, with a checkpoint; a second signal ends at once, and the run then "
            + next()
        : "stopping before the first step; a second signal ends at once";
  }

  @Override
  public String ended() {
    return "ended at once by a second signal"
        + (isBegun ? "; the same command " + next() : ", before the first step");
  }

  private String next() {
    return newest == 0
        ? "begins at step 0 again, unless a checkpoint is done by then"
        : "goes on from its newest checkpoint, step %d or later".formatted(newest);
  }
}
