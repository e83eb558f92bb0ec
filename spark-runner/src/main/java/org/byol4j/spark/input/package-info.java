/**
 * Images on any file system of Hadoop: {@link org.byol4j.spark.input.Ingest} lists and checks them
 * by tasks of Spark and writes a {@link org.byol4j.spark.input.Dataset}, from which each replica
 * takes its shards. Imports {@code data}, {@code image}, {@code device}, {@code checkpoint}, {@code
 * spark.storage}, Spark, Hadoop and Parquet.
 */
package org.byol4j.spark.input;
