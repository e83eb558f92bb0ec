package org.byol4j.spark;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.Utils;
import org.byol4j.checkpoint.RunFolder;
import org.byol4j.data.DataException;
import org.byol4j.data.DataSettings;
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
   * @throws DataException if they are not what they should be
   * @throws UncheckedIOException if they cannot be read or stored
   */
  SettledImages settle(RunSettings settings, StoreProgress progress) {
    String data = settings.data();
    Optional<Dataset> ingested = datasetIn(data);
    if (ingested.isPresent()) {
      return settled(ingested.get(), data, settings.dataSettings());
    }
    if (!Places.isShared(data) && !Tables.isTable(Places.onDisk(data))) {
      Optional<RunFolder> onDisk = settings.out().onDisk();
      if (onDisk.isPresent()) {
        return LocalImages.settle(settings, onDisk.get().store(), progress);
      }
      if (spark.get().sc().isLocal()) {
        // gone when this process ends: the next one builds it again
        Path folder = Path.of(Utils.getLocalDir(spark.get().getConf()), "byol4j-store");
        return LocalImages.settle(settings, folder, progress);
      }
    }
    return ingested(settings);
  }

  private SettledImages ingested(RunSettings settings) {
    DataSettings data = settings.dataSettings();
    String place = settings.out().location() + "/" + IMAGES;
    Ingest ingest =
        new Ingest(
            spark.get(),
            settings.data(),
            place,
            data.shards(),
            data.maxPixels(),
            data.maxBadFraction());
    Dataset dataset = new JobWatch(spark.get(), stop, observer).over(ingest::run);
    return settled(dataset, place, data);
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
