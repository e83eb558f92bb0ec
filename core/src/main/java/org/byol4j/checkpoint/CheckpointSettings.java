package org.byol4j.checkpoint;

import java.util.ArrayList;
import java.util.List;

/**
 * When checkpoints are written and which are kept ({@code checkpoint.*}, {@code
 * train.checkpoint-every-steps}). The one of step 0 always is: what a run has learned is counted
 * from there.
 *
 * @param everySteps the distance between two checkpoints, in optimizer steps, at least 1
 * @param keepLast how many of the newest are kept, at least 1
 * @param keepEvery every how many-th is kept for good; 0 keeps none
 */
public record CheckpointSettings(int everySteps, int keepLast, int keepEvery) {

  /** Those of {@code complete}, folders from the oldest to the newest, that need not be kept. */
  List<String> dropped(List<String> complete) {
    List<String> dropped = new ArrayList<>();
    for (String folder : complete.subList(0, Math.max(0, complete.size() - keepLast))) {
      if (!keptForGood(Checkpoints.stepOf(folder))) {
        dropped.add(folder);
      }
    }
    return dropped;
  }

  private boolean keptForGood(long step) {
    return step == 0 || (keepEvery > 0 && step % ((long) everySteps * keepEvery) == 0);
  }
}
