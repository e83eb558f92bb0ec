package org.byol4j.train;

import java.nio.file.Path;
import org.byol4j.data.ImageSource;
import org.byol4j.data.ImageStore;
import org.byol4j.data.OtherImagesException;
import org.byol4j.data.StoreProgress;

/** Settles images that lie on this machine: one store for all replicas. */
public final class LocalImages {
  private LocalImages() {}

  /**
   * Opens the store of the run's images in {@code folder}, building it where there is none.
   *
   * @param sha256 what the images must be known by; empty if any will do
   * @throws OtherImagesException if they are others; what lies in the folder stays as it is
   * @throws org.byol4j.data.DataException if the images are not what they should be
   * @throws java.io.UncheckedIOException if the store cannot be written or read
   */
  public static SettledImages settle(
      RunSettings settings, String sha256, Path folder, StoreProgress progress) {
    ImageSource source = ImageSource.at(Path.of(settings.data()));
    ImageStore store =
        sha256.isEmpty()
            ? ImageStore.open(source, folder, settings.dataSettings(), progress)
            : ImageStore.openExpecting(sha256, source, folder, settings.dataSettings(), progress);
    return new SettledImages(
        store.size(),
        store.manifest().badImages(),
        store.manifest().classes().size(),
        store.manifest().hash(),
        0,
        folder.toAbsolutePath().toString());
  }
}
