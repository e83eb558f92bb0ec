package org.byol4j.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.UUID;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The Spark of this process: ours, or one that was there before, as on Databricks.
 *
 * @param isOurs whether it ends with us
 */
record StartedSpark(JavaSparkContext context, boolean isOurs) implements AutoCloseable {
  /** A property that tells our Spark from one that a notebook has started before. */
  private static final String OWNER = "spark.byol4j.owner";

  /**
   * Starts one, unless there is one.
   *
   * @throws ClusterException if there is one that cannot be used, or Spark refuses what it is told
   * @throws NoSlotsException if it has ended at once, as the cluster did not answer
   * @throws UncheckedIOException if it could not listen or connect
   */
  static StartedSpark with(SparkConf conf) {
    SparkConf ours = conf.clone().set(OWNER, UUID.randomUUID().toString());
    SparkContext spark = start(ours);
    if (spark.isStopped()) {
      throw NoSlotsException.afterTheEnd(conf.get("spark.master"));
    }
    boolean isOurs = spark.conf().get(OWNER, "").equals(ours.get(OWNER));
    if (!isOurs) {
      SparkProperties.refuseKryo(spark.conf());
    }
    return new StartedSpark(new JavaSparkContext(spark), isOurs);
  }

  private static SparkContext start(SparkConf conf) {
    try {
      return SparkContext.getOrCreate(conf);
    } catch (Exception e) {
      // Scala throws what no signature says
      throw refusal(conf, e);
    }
  }

  private static RuntimeException refusal(SparkConf conf, Exception failure) {
    String message =
        "Spark does not start: spark.master=%s: %s"
            .formatted(conf.get("spark.master"), failure.getMessage());
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof IOException e) {
        return new UncheckedIOException(message, e);
      }
    }
    if (failure instanceof SparkException || failure instanceof IllegalArgumentException) {
      return new ClusterException(message, failure);
    }
    return failure instanceof RuntimeException e ? e : new IllegalStateException(message, failure);
  }

  /** Stops it if it is ours. */
  @Override
  public void close() {
    if (isOurs) {
      context.stop();
    }
  }
}
