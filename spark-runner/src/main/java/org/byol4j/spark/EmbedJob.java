package org.byol4j.spark;

import java.util.concurrent.CancellationException;
import org.apache.spark.SparkConf;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.spark.embed.BackboneModel;
import org.byol4j.spark.embed.EmbeddingSummary;
import org.byol4j.spark.embed.Embedding;
import org.byol4j.train.ClusterSettings;
import org.byol4j.train.RunObserver;
import org.byol4j.train.StopSignal;

/** An {@link Embedding} as a job of its own. */
public final class EmbedJob {
  private final ClusterSettings cluster;
  private final String master;
  private final StopSignal stop;
  private final RunObserver observer;

  /**
   * A job that runs where the settings, the command line or spark-submit say, or else in this
   * process on all its processors.
   *
   * @param master the master that the command line names; empty if none
   * @param stop ends it early
   * @param observer hears how far it is, on a thread of its own
   */
  public EmbedJob(ClusterSettings cluster, String master, StopSignal stop, RunObserver observer) {
    this.cluster = cluster;
    this.master = master;
    this.stop = stop;
    this.observer = observer;
  }

  /**
   * Writes the features of {@code data} to {@code out}; see {@link Embedding#run}.
   *
   * @throws ClusterException if the cluster does not allow it
   * @throws org.byol4j.data.DataException if the source or the folder is not what it should be
   * @throws java.io.UncheckedIOException if a file can be neither read nor written
   * @throws CancellationException if a stop was asked for
   */
  public EmbeddingSummary run(Checkpoint checkpoint, BackboneModel model, String data, String out) {
    SparkConf conf =
        SparkProperties.ofTasks(
            master, cluster, new SparkConf(), Runtime.getRuntime().availableProcessors());
    try (StartedSpark spark = StartedSpark.with(conf)) {
      Embedding embedding = new Embedding(spark.context(), checkpoint, model, data, out);
      return new JobWatch(spark.context(), stop, observer).over(embedding::run);
    }
  }
}
