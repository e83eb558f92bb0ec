package org.byol4j.spark;

import java.nio.file.Path;
import org.byol4j.collective.Collective;
import org.byol4j.data.ImageStore;
import org.byol4j.train.RunStart;
import org.byol4j.train.SettledImages;

/** Where a replica finds its images. */
final class ReplicaImages {
  private ReplicaImages() {}

  static ImageStore open(RunStart start, Collective collective) {
    SettledImages images = start.images();
    return ImageStore.existing(Path.of(images.place()));
  }
}
