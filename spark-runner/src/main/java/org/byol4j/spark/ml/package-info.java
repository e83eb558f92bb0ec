/**
 * BYOL's features in pipelines of Spark ML: {@link org.byol4j.spark.ml.ByolEmbedder}. May import
 * core, {@code spark.embed}, {@code spark.storage}, {@code config} and Spark with its ML library,
 * which nothing else here needs.
 */
package org.byol4j.spark.ml;
