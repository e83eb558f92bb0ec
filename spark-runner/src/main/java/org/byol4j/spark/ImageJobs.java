package org.byol4j.spark;

import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.data.DataSettings;
import org.byol4j.spark.embed.BackboneModel;
import org.byol4j.spark.embed.Embedding;
import org.byol4j.spark.embed.EmbeddingSummary;
import org.byol4j.spark.input.Dataset;
import org.byol4j.spark.input.Ingest;
import org.byol4j.spark.storage.Places;
import org.byol4j.train.ClusterSettings;
import org.byol4j.train.RunObserver;
import org.byol4j.train.StopSignal;

/**
 * What is done with many images by jobs of Spark whose tasks know nothing of each other: each call
 * starts a Spark, unless there is one, and ends it.
 */
public final class ImageJobs {
  private final ClusterSettings cluster;
  private final String master;
  private final StopSignal stop;
  private final RunObserver observer;

  /**
   * Jobs that run where the settings, the command line or spark-submit say, or else in this process
   * on all its processors.
   *
   * @param master the master that the command line names; empty if none
   * @param stop ends them early
   * @param observer hears how far they are, on a thread of its own
   */
  public ImageJobs(ClusterSettings cluster, String master, StopSignal stop, RunObserver observer) {
    this.cluster = cluster;
    this.master = master;
    this.stop = stop;
    this.observer = observer;
  }

  /**
   * Ingests {@code data} into {@code out}; see {@link Ingest#run}.
   *
   * @param settings what a good image is, and how many may be bad
   * @throws ClusterException if the cluster does not allow it
   * @throws org.byol4j.checkpoint.PlaceException if one of the places can never be
   * @throws org.byol4j.data.DataException if the source is not what it should be
   * @throws java.io.UncheckedIOException if a file can be neither read nor written
   * @throws CancellationException if a stop was asked for
   */
  public Dataset ingest(DataSettings settings, String data, String out, int shards) {
    expectPlaces(data, out);
    return run(
        spark ->
            new Ingest(spark, data, out, shards, settings.maxPixels(), settings.maxBadFraction())
                ::run);
  }

  /**
   * Writes the features of {@code data} to {@code out}; see {@link Embedding#run}.
   *
   * @throws ClusterException if the cluster does not allow it
   * @throws org.byol4j.checkpoint.PlaceException if one of the places can never be
   * @throws org.byol4j.data.DataException if the source or the folder is not what it should be
   * @throws java.io.UncheckedIOException if a file can be neither read nor written
   * @throws CancellationException if a stop was asked for
   */
  public EmbeddingSummary embed(
      Checkpoint checkpoint, BackboneModel model, String data, String out) {
    expectPlaces(data, out);
    return run(spark -> new Embedding(spark, checkpoint, model, data, out)::run);
  }

  private void expectPlaces(String data, String out) {
    Places.expectFileSystem("--data", data, cluster.spark());
    Places.expectFolder("--out", out, cluster.spark());
  }

  private <T> T run(Function<JavaSparkContext, Supplier<T>> jobs) {
    SparkConf conf =
        SparkProperties.ofTasks(
            master, cluster, new SparkConf(), Runtime.getRuntime().availableProcessors());
    try (StartedSpark spark = StartedSpark.with(conf)) {
      Supplier<T> work = jobs.apply(spark.context());
      return new JobWatch(spark.context(), stop, observer).over(work);
    }
  }
}
