package org.byol4j.eval;

/**
 * What weighted k-nearest-neighbours gave.
 *
 * @param top1 the share of queries whose class has the most votes, in [0,1]
 * @param top5 the share of queries whose class is among the five with the most votes, in [0,1]
 * @param trainRows the number of images that voted
 * @param testRows the number of queries
 * @param k how many neighbours voted on each query: what was asked for or, if fewer, all
 */
public record KnnResult(double top1, double top5, int trainRows, int testRows, int k) {}
