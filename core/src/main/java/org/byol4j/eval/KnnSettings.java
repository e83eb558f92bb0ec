package org.byol4j.eval;

/**
 * The k-nearest-neighbours monitor while training ({@code knn.*}).
 *
 * @param everyEpochs the distance between two evaluations; 0 never evaluates
 * @param k how many neighbours vote
 * @param temperature what similarities are divided by before the exponential
 * @param maxImages at most how many images are used, evenly spaced by id; of those with a class
 *     every fifth is a query and the rest are the bank
 */
public record KnnSettings(int everyEpochs, int k, double temperature, int maxImages) {}
