package org.byol4j.spark;

import java.util.concurrent.CancellationException;
import org.apache.spark.SparkConf;
import org.byol4j.config.Configuration;
import org.byol4j.spark.input.Dataset;
import org.byol4j.spark.input.Ingest;
import org.byol4j.train.RunObserver;
import org.byol4j.train.StopSignal;

/** An {@link Ingest} as a job of its own. */
public final class IngestJob {
  private final Configuration configuration;
  private final String master;
  private final StopSignal stop;
  private final RunObserver observer;

  /**
   * A job that runs where the configuration, the command line or spark-submit say, or else in this
   * process on all its processors.
   *
   * @param master the master that the command line names; empty if none
   * @param stop ends it early
   * @param observer hears how far it is, on a thread of its own
   */
  public IngestJob(
      Configuration configuration, String master, StopSignal stop, RunObserver observer) {
    this.configuration = configuration;
    this.master = master;
    this.stop = stop;
    this.observer = observer;
  }

  /**
   * Ingests {@code data} into {@code out}; see {@link Ingest#run}.
   *
   * @throws ClusterException if the cluster does not allow it
   * @throws org.byol4j.data.DataException if the source is not what it should be
   * @throws java.io.UncheckedIOException if a file can be neither read nor written
   * @throws CancellationException if a stop was asked for
   */
  public Dataset run(String data, String out, int shards) {
    try (StartedSpark spark = StartedSpark.with(conf())) {
      Ingest ingest =
          new Ingest(
              spark.context(),
              data,
              out,
              shards,
              configuration.data().maxPixels(),
              configuration.data().maxBadFraction());
      return new JobWatch(spark.context(), stop, observer).over(ingest::run);
    }
  }

  private SparkConf conf() {
    return SparkProperties.ofTasks(
        master,
        configuration.cluster(),
        new SparkConf(),
        Runtime.getRuntime().availableProcessors());
  }
}
