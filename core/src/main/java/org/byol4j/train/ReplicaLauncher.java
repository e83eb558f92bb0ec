package org.byol4j.train;

import java.nio.file.Path;
import org.byol4j.checkpoint.RunFolder;
import org.byol4j.data.OtherImagesException;
import org.byol4j.data.StoreProgress;

/** Runs the replicas of a run: as threads of this process, or as tasks of a cluster. */
@FunctionalInterface
public interface ReplicaLauncher {

  /**
   * Brings the run's images to where its replicas will find them, and says which are good. Here:
   * from this machine into the run's folder, which must be on it too.
   *
   * @param sha256 what the images must be known by, {@link SettledImages#sha256}; empty if any will
   *     do
   * @throws OtherImagesException if they are others; what lies in the run's folder stays as it is
   * @throws org.byol4j.data.DataException if they are not what they should be
   * @throws java.io.UncheckedIOException if they cannot be read or stored
   */
  default SettledImages settle(RunSettings settings, String sha256, StoreProgress progress) {
    Path folder = settings.out().onDisk().map(RunFolder::store).orElseThrow();
    return LocalImages.settle(settings, sha256, folder, progress);
  }

  /**
   * Runs every replica's {@link ReplicaTask} to the end, or to a requested stop. When this returns
   * or throws, no replica writes any more.
   *
   * @throws LostReplicaException if replicas were lost, and the run may go on from its newest
   *     checkpoint
   */
  RunSummary launch(RunStart start);
}
