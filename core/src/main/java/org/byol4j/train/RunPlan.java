package org.byol4j.train;

import java.util.stream.IntStream;
import org.byol4j.checkpoint.RunIdentity;
import org.byol4j.data.ImageStore;
import org.byol4j.data.ShardPlan;
import org.byol4j.eval.CollapseSettings;
import org.byol4j.nn.Architecture;

/**
 * What a run's settings and its data come to; the same for all replicas.
 *
 * @param store the images
 * @param shards which images make up which step
 * @param firstStep the number of steps that were done before
 * @param unhealthyLooks how many looks in a row the collapse watch had found unhealthy before
 */
record RunPlan(
    RunSettings settings,
    Architecture architecture,
    ImageStore store,
    ShardPlan shards,
    RunIdentity identity,
    long firstStep,
    int unhealthyLooks) {

  long totalSteps() {
    return (long) settings.train().epochs() * shards.stepsPerEpoch();
  }

  /** Whether the collapse watch looks at the projections after this step, counted from 0. */
  boolean isLook(long step) {
    return settings.collapse().policy() != CollapseSettings.Policy.OFF
        && (step + 1) % settings.collapse().everySteps() == 0;
  }

  int rows(int rank) {
    return shards.rows(rank, settings.train().replicas());
  }

  /** The number of rows of each replica's micro-batches. */
  int[] rowsOfReplicas() {
    return IntStream.range(0, settings.train().replicas()).map(this::rows).toArray();
  }
}
