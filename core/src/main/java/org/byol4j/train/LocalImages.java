package org.byol4j.train;

import java.nio.file.Path;
import org.byol4j.data.ImageSource;
import org.byol4j.data.ImageStore;
import org.byol4j.data.StoreProgress;

/** Settles images that lie on this machine: one store for all replicas. */
public final class LocalImages {
  private LocalImages() {}

  /**
   * Opens the store of the run's images in {@code folder}, building it where there is none.
   *
   * @throws org.byol4j.data.DataException if the images are not what they should be
   * @throws java.io.UncheckedIOException if the store cannot be written or read
   */
  public static SettledImages settle(RunSettings settings, Path folder, StoreProgress progress) {
    ImageStore store =
        ImageStore.open(
            ImageSource.at(Path.of(settings.data())), folder, settings.dataSettings(), progress);
    return new SettledImages(
        store.size(),
        store.manifest().badImages(),
        store.manifest().classes().size(),
        store.manifest().hash(),
        0,
        folder.toAbsolutePath().toString());
  }
}
