package org.byol4j.data;

/**
 * How images are checked, stored and dealt out ({@code data.*}).
 *
 * @param shards the number of virtual shards, a divisor of the batch size; 0 chooses the largest up
 *     to 64
 * @param maxBadFraction how large a share of the images may be undecodable, in [0,1]
 * @param maxPixels the largest image that is decoded, height times width
 * @param workers how many threads decode and augment, at least 1
 * @param prefetch how many micro-batches are made ahead of the step, at least 1
 */
public record DataSettings(
    int shards, double maxBadFraction, long maxPixels, int workers, int prefetch) {}
