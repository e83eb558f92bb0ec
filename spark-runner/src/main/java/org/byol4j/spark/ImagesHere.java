package org.byol4j.spark;

import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.byol4j.config.Configuration;
import org.byol4j.data.DataException;
import org.byol4j.data.ImageSource;
import org.byol4j.data.ImageStore;
import org.byol4j.data.StoreProgress;
import org.byol4j.spark.input.DatasetStore;
import org.byol4j.spark.input.Ingest;
import org.byol4j.spark.input.Tables;
import org.byol4j.spark.storage.Places;
import org.byol4j.train.RunObserver;
import org.byol4j.train.StopSignal;

/**
 * Brings images from all places that {@code train} takes them from into one store on this machine,
 * for a command that looks at all of them here. What neither lies on this machine's disk nor was
 * ingested is ingested first, by a Spark in this process.
 */
public final class ImagesHere {
  private final Configuration configuration;
  private final StopSignal stop;
  private final RunObserver observer;
  private final StoreProgress progress;

  /**
   * @param configuration says what a good image is, and what Hadoop is told ({@code
   *     cluster.spark.hadoop})
   * @param stop ends an ingest
   * @param observer hears how far an ingest is
   * @param progress hears of each image that is brought
   */
  public ImagesHere(
      Configuration configuration, StopSignal stop, RunObserver observer, StoreProgress progress) {
    this.configuration = configuration;
    this.stop = stop;
    this.observer = observer;
    this.progress = progress;
  }

  /**
   * The store of the images in {@code place}.
   *
   * @param folder an empty folder on this machine, which must outlive the store
   * @throws DataException if they are not what they should be
   * @throws UncheckedIOException if they cannot be read or stored
   * @throws ClusterException if this process has a Spark whose executors do not see {@code folder}
   */
  public ImageStore store(String place, Path folder) {
    if (Places.isShared(place)) {
      return storeBySpark(place, folder);
    }
    Optional<DatasetStore> ingested = DatasetStore.find(place);
    if (ingested.isPresent()) {
      return all(ingested.get(), folder);
    }
    Path local = Places.onDisk(place);
    return Tables.isTable(local)
        ? storeBySpark(place, folder)
        : ImageStore.open(ImageSource.at(local), folder, configuration.data(), progress);
  }

  private ImageStore storeBySpark(String place, Path folder) {
    SparkConf conf =
        SparkProperties.here(
            configuration.cluster(), new SparkConf(), Runtime.getRuntime().availableProcessors());
    try (StartedSpark spark = StartedSpark.with(conf)) {
      Optional<DatasetStore> ingested = DatasetStore.find(place);
      if (ingested.isPresent()) {
        return all(ingested.get(), folder);
      }
      if (!spark.context().sc().isLocal()) {
        throw new ClusterException(
            "%s has to be ingested, but this process has a Spark with master=%s; expected what ingest wrote, or local[n]"
                .formatted(place, spark.context().master()));
      }
      String into = folder.resolve("ingested").toString();
      Ingest ingest =
          new Ingest(
              spark.context(),
              place,
              into,
              1,
              configuration.data().maxPixels(),
              configuration.data().maxBadFraction());
      new JobWatch(spark.context(), stop, observer).over(ingest::run);
      return all(DatasetStore.in(into), folder);
    }
  }

  private ImageStore all(DatasetStore ingested, Path folder) {
    return ingested.open(0, ingested.dataset().shards(), folder, progress);
  }
}
