package org.byol4j.spark;

import java.util.UUID;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
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
   * @throws ClusterException if there is one that cannot be used
   */
  static StartedSpark with(SparkConf conf) {
    SparkConf ours = conf.clone().set(OWNER, UUID.randomUUID().toString());
    SparkContext spark = SparkContext.getOrCreate(ours);
    boolean isOurs = spark.conf().get(OWNER, "").equals(ours.get(OWNER));
    if (!isOurs) {
      SparkProperties.refuseKryo(spark.conf());
    }
    return new StartedSpark(new JavaSparkContext(spark), isOurs);
  }

  /** Stops it if it is ours. */
  @Override
  public void close() {
    if (isOurs) {
      context.stop();
    }
  }
}
