package org.byol4j.spark;

import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.SparkEnv;
import org.apache.spark.util.Utils;
import org.byol4j.checkpoint.Storage;
import org.byol4j.collective.Collective;
import org.byol4j.data.DataException;
import org.byol4j.data.ImageStore;
import org.byol4j.data.ShardPlan;
import org.byol4j.spark.input.Dataset;
import org.byol4j.spark.input.DatasetStore;
import org.byol4j.spark.storage.HadoopStorage;
import org.byol4j.spark.storage.Places;
import org.byol4j.train.RunStart;
import org.byol4j.train.SettledImages;

/** Where a replica finds its images. */
final class ReplicaImages {
  private ReplicaImages() {}

  /**
   * The store of all images, where the driver has built it on this machine; or else one of the
   * replica's shards, brought to a local disk of the executor from the data set.
   */
  static ImageStore open(RunStart start, Collective collective) {
    SettledImages images = start.images();
    if (images.shards() == 0) {
      return ImageStore.existing(Path.of(images.place()));
    }
    org.apache.hadoop.fs.Path folder = Places.hadoopPath(images.place());
    FileSystem files = Places.fileSystem(folder, Places.configuration(Map.of()));
    Storage storage = new HadoopStorage(files, folder);
    Dataset dataset =
        Dataset.in(storage)
            .orElseThrow(
                () -> new DataException("no ingested images: path=%s".formatted(images.place())));
    ShardPlan plan = images.plan(start.settings().dataSettings(), start.settings().train());
    int rank = collective.rank();
    int size = collective.size();
    return new DatasetStore(files, folder, dataset)
        .open(
            plan.firstShard(rank, size),
            plan.firstShard(rank + 1, size),
            Path.of(Utils.getLocalDir(SparkEnv.get().conf())));
  }
}
