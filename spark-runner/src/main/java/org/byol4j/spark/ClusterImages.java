package org.byol4j.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.Utils;
import org.byol4j.checkpoint.RunFolder;
import org.byol4j.checkpoint.Storage;
import org.byol4j.data.DataException;
import org.byol4j.data.DataSettings;
import org.byol4j.data.ImageStore;
import org.byol4j.data.OtherImagesException;
import org.byol4j.data.StoreProgress;
import org.byol4j.spark.input.Dataset;
import org.byol4j.spark.input.DatasetStore;
import org.byol4j.spark.input.Ingest;
import org.byol4j.spark.input.Tables;
import org.byol4j.spark.storage.Places;
import org.byol4j.train.LocalImages;
import org.byol4j.train.RunObserver;
import org.byol4j.train.RunSettings;
import org.byol4j.train.SettledImages;
import org.byol4j.train.StopSignal;

/**
 * Settles the images of a run on a cluster. A data set that was ingested is taken as it is. Images
 * on this machine's disk go into one store for all replicas where these run on this machine too.
 * All others are ingested into the run's folder first.
 */
final class ClusterImages {
  private static final String IMAGES = "images";

  private final Supplier<JavaSparkContext> spark;
  private final StopSignal stop;
  private final RunObserver observer;

  /**
   * @param spark starts Spark where it is needed
   * @param stop ends an ingest
   * @param observer hears how far an ingest is
   */
  ClusterImages(Supplier<JavaSparkContext> spark, StopSignal stop, RunObserver observer) {
    this.spark = spark;
    this.stop = stop;
    this.observer = observer;
  }

  /**
   * Settles the images of a run.
   *
   * @param sha256 what the images must be known by; empty if any will do
   * @throws OtherImagesException if they are others; what lies in the run's folder stays as it is
   * @throws DataException if they are not what they should be
   * @throws UncheckedIOException if they cannot be read or stored
   */
  SettledImages settle(RunSettings settings, String sha256, StoreProgress progress) {
    String data = settings.data();
    Optional<Dataset> ingested = datasetIn(data);
    if (ingested.isPresent()) {
      expect(sha256, ingested.get(), settings);
      return settled(ingested.get(), data, settings.dataSettings());
    }
    if (!Places.isShared(data) && !Tables.isTable(Places.onDisk(data))) {
      Optional<RunFolder> onDisk = settings.out().onDisk();
      if (onDisk.isPresent()) {
        return LocalImages.settle(settings, sha256, onDisk.get().store(), progress);
      }
      if (spark.get().sc().isLocal()) {
        // gone when this process ends: the next one builds it again
        Path folder = Path.of(Utils.getLocalDir(spark.get().getConf()), "byol4j-store");
        return LocalImages.settle(settings, sha256, folder, progress);
      }
    }
    return ingested(settings, sha256);
  }

  /**
   * Ingests into the run's folder, unless it holds what comes of that; refused, leaves no trace.
   */
  private SettledImages ingested(RunSettings settings, String sha256) {
    String place = settings.out().location() + "/" + IMAGES;
    boolean isNew = isMissing(settings.out().files());
    try {
      Dataset dataset = ingest(settings, place);
      expect(sha256, dataset, settings);
      return settled(dataset, place, settings.dataSettings());
    } catch (OtherImagesException | DataException e) {
      if (isNew && !sha256.isEmpty()) {
        delete(settings.out().files());
      }
      throw e;
    }
  }

  private Dataset ingest(RunSettings settings, String place) {
    DataSettings data = settings.dataSettings();
    Ingest ingest =
        new Ingest(
            spark.get(),
            settings.data(),
            place,
            data.shards(),
            data.maxPixels(),
            data.maxBadFraction());
    return new JobWatch(spark.get(), stop, observer).over(ingest::run);
  }

  private static void expect(String sha256, Dataset found, RunSettings settings) {
    if (!sha256.isEmpty() && !sha256.equals(found.hash())) {
      throw OtherImagesException.of(
          settings
              .out()
              .onDisk()
              .map(run -> ImageStore.describe(sha256, run.store()))
              .orElse("sha256=" + sha256),
          "source=%s images=%d sha256=%s".formatted(settings.data(), found.images(), found.hash()));
    }
  }

  private static boolean isMissing(Storage run) {
    try {
      return run.list(IMAGES).isEmpty();
    } catch (IOException e) {
      throw failed("list", run, e);
    }
  }

  private static void delete(Storage run) {
    try {
      run.deleteFolder(IMAGES);
    } catch (IOException e) {
      throw failed("delete", run, e);
    }
  }

  private static UncheckedIOException failed(String action, Storage run, IOException cause) {
    return new UncheckedIOException(
        "cannot %s %s: %s".formatted(action, run.describe(IMAGES), cause.getMessage()), cause);
  }

  private Optional<Dataset> datasetIn(String place) {
    if (Places.isShared(place)) {
      // its properties say how to reach the place
      startedSpark();
    }
    return DatasetStore.find(place).map(DatasetStore::dataset);
  }

  private JavaSparkContext startedSpark() {
    return spark.get();
  }

  private static SettledImages settled(Dataset dataset, String place, DataSettings settings) {
    dataset.checkBad(place, settings.maxBadFraction());
    return new SettledImages(
        dataset.images(),
        dataset.badImages(),
        dataset.classes().size(),
        dataset.hash(),
        dataset.shards(),
        Places.absolute(place));
  }
}
