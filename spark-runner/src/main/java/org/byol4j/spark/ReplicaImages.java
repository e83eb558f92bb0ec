package org.byol4j.spark;

import java.nio.file.Path;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.util.Utils;
import org.byol4j.data.ImageStore;
import org.byol4j.data.ShardPlan;
import org.byol4j.data.StoreProgress;
import org.byol4j.spark.input.DatasetStore;
import org.byol4j.train.RunStart;
import org.byol4j.train.SettledImages;

/** Where a replica finds its images. */
final class ReplicaImages {
  /**
   * Set where the cluster makes folders for an application on each of its machines: by a worker of
   * a standalone cluster, and by YARN.
   */
  private static final List<String> WITH_FOLDERS = List.of("SPARK_EXECUTOR_DIRS", "CONTAINER_ID");

  private ReplicaImages() {}

  /**
   * The store of all images, where the driver has built it on this machine; or else one of the
   * replica's shards, brought to a local disk of the executor from the data set.
   *
   * @param progress hears of each image that is brought; may throw to end that
   */
  static ImageStore open(RunStart start, int rank, int replicas, StoreProgress progress) {
    SettledImages images = start.images();
    if (images.shards() == 0) {
      return ImageStore.existing(Path.of(images.place()));
    }
    ShardPlan plan = images.plan(start.settings().dataSettings(), start.settings().train());
    return DatasetStore.in(images.place())
        .open(
            plan.firstShard(rank, replicas),
            plan.firstShard(rank + 1, replicas),
            localFolder(SparkEnv.get().conf()),
            progress);
  }

  /**
   * A folder that goes when the application ends. Where the cluster makes one for the whole
   * application, the executor that takes the place of another finds there what that one has
   * brought; elsewhere it is this process's.
   */
  static Path localFolder(SparkConf conf) {
    boolean isOfApplication = WITH_FOLDERS.stream().anyMatch(name -> System.getenv(name) != null);
    return Path.of(
        isOfApplication ? Utils.getConfiguredLocalDirs(conf)[0] : Utils.getLocalDir(conf));
  }
}
