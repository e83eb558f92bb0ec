package org.byol4j.train;

import org.byol4j.metrics.StepRecord;

/** Watches a run from outside. It sees what was measured and takes no part in any step. */
public interface RunObserver {

  /** Nobody watches. */
  RunObserver NONE =
      new RunObserver() {
        @Override
        public void begins(long firstStep, long totalSteps, int stepsPerEpoch) {}

        @Override
        public void stepDone(StepRecord entry) {}

        @Override
        public void says(String message) {}
      };

  /** The steps begin; those before {@code firstStep} were done by an earlier part of the run. */
  void begins(long firstStep, long totalSteps, int stepsPerEpoch);

  /** A step is done. */
  void stepDone(StepRecord entry);

  /** Something that a person should know: a checkpoint, a warning, the result of an evaluation. */
  void says(String message);
}
