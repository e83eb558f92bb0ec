package org.byol4j.checkpoint;

/**
 * When checkpoints are written and which are kept ({@code checkpoint.*}, {@code
 * train.checkpoint-every-steps}).
 *
 * @param everySteps the distance between two checkpoints, in optimizer steps, at least 1
 * @param keepLast how many of the newest are kept, at least 1
 * @param keepEvery every how many-th is kept for good; 0 keeps none
 */
public record CheckpointSettings(int everySteps, int keepLast, int keepEvery) {}
