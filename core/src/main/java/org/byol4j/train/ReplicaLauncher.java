package org.byol4j.train;

import org.byol4j.data.ImageStore;

/** Runs the replicas of a run: as threads of this process, or as tasks of a cluster. */
@FunctionalInterface
public interface ReplicaLauncher {

  /**
   * Runs every replica's {@link ReplicaTask} to the end, or to a requested stop. When this returns
   * or throws, no replica writes any more.
   *
   * @param store the images, as the driver has settled them
   * @throws LostReplicaException if replicas were lost, and the run may go on from its newest
   *     checkpoint
   */
  RunSummary launch(RunStart start, ImageStore store);
}
