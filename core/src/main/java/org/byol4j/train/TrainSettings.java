package org.byol4j.train;

/**
 * The run ({@code train.*}, {@code loss.*}, {@code cluster.replicas}).
 *
 * @param epochs how many epochs
 * @param batchSize images per optimizer step, over all replicas and micro-batches
 * @param microBatches into how many parts a step's batch is cut; batch statistics are per part
 * @param seed where every random draw starts from
 * @param lossScale what the loss and its gradient are multiplied by
 * @param replicas how many replicas share the batch
 */
public record TrainSettings(
    int epochs, int batchSize, int microBatches, long seed, double lossScale, int replicas) {}
