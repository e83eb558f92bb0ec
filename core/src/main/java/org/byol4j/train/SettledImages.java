package org.byol4j.train;

import java.io.Serializable;
import org.byol4j.data.DataException;
import org.byol4j.data.DataSettings;
import org.byol4j.data.ShardPlan;

/**
 * The images of a run, as they were settled before its first step.
 *
 * @param count how many good ones there are; ids are below it
 * @param bad how many files are bad
 * @param classes how many classes they have; 0 if none
 * @param sha256 the hash of their manifest
 * @param shards into how many shards they were dealt already; 0 if they were not
 * @param place the folder in which replicas find them
 */
public record SettledImages(
    int count, int bad, int classes, String sha256, int shards, String place)
    implements Serializable {

  /**
   * Deals the images out.
   *
   * @throws DataException if they were dealt into a number of shards that the batch does not allow
   */
  public ShardPlan plan(DataSettings settings, TrainSettings train) {
    int wanted = shards == 0 ? settings.shards() : shards;
    if (shards != 0
        && !ShardPlan.allowedShards(train.batchSize(), train.microBatches()).contains(shards)) {
      throw new DataException(
          "%s was ingested with shards=%d, which does not divide train.batch-size=%d into parts for train.micro-batches=%d; allowed: %s"
              .formatted(
                  place,
                  shards,
                  train.batchSize(),
                  train.microBatches(),
                  ShardPlan.allowedShards(train.batchSize(), train.microBatches())));
    }
    return ShardPlan.of(count, wanted, train.batchSize(), train.microBatches(), train.seed());
  }
}
