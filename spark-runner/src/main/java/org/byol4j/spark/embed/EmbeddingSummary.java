package org.byol4j.spark.embed;

/**
 * How an {@link Embedding} has ended.
 *
 * @param embeddings what the folder holds now
 * @param wasComplete whether it held that before, so that nothing was made
 */
public record EmbeddingSummary(Embeddings embeddings, boolean wasComplete) {}
