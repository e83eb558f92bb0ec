package org.byol4j.train;

import org.byol4j.checkpoint.Attempt;

/**
 * What is settled before the replicas start, and the same for all of them.
 *
 * @param checkpoint the name of the checkpoint that is continued; empty to start anew
 * @param attempt the number of this launch in the life of the run
 */
public record RunStart(RunSettings settings, SettledImages images, String checkpoint, int attempt) {

  /** Whether a checkpoint is continued. */
  public boolean isResumed() {
    return !checkpoint.isEmpty();
  }

  /** What the files of this launch are told from those of others by. */
  Attempt asAttempt() {
    return new Attempt(attempt, settings.out().fence());
  }
}
