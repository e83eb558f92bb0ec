/**
 * Features of many images by tasks of Spark. {@link org.byol4j.spark.embed.Embedding} writes those
 * of a whole source as Parquet; {@link org.byol4j.spark.embed.FeatureBatches} is what a task does,
 * here and in {@code spark.ml}: it decodes on the task's own thread and runs the network that all
 * tasks of the JVM share. May import core, {@code spark.input}, {@code spark.storage}, {@code
 * config}, Spark, Hadoop and Parquet.
 */
package org.byol4j.spark.embed;
