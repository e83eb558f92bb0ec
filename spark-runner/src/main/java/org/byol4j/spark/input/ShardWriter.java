package org.byol4j.spark.input;

import java.io.IOException;
import java.io.Serializable;
import java.util.Iterator;
import java.util.Set;
import org.apache.spark.Partitioner;
import org.apache.spark.TaskContext;
import scala.Tuple2;

/**
 * Brings each image to its shard, by a shuffle; there the images are sorted by id and written.
 * Spark does the sorting, in memory or on disk.
 *
 * @param out the folder of the data set
 * @param hash the hash of the data set
 * @param shards into how many shards it is dealt
 * @param wanted the shards that are not written yet
 */
record ShardWriter(Location out, String hash, int shards, Set<Integer> wanted)
    implements Serializable {

  /** Writes the shards of {@code images}. */
  void write(NumberedImages images) {
    ShardWriter writer = this;
    images
        .rows(id -> writer.wanted.contains(id % writer.shards))
        .mapToPair(row -> new Tuple2<>(row.id(), row))
        .repartitionAndSortWithinPartitions(new ByShard(shards))
        .foreachPartition(rows -> writer.writeShard(rows));
  }

  /** Which shard an id lies in. */
  private static final class ByShard extends Partitioner {
    private static final long serialVersionUID = 1L;
    private final int shards;

    ByShard(int shards) {
      this.shards = shards;
    }

    @Override
    public int numPartitions() {
      return shards;
    }

    @Override
    public int getPartition(Object id) {
      return (Integer) id % shards;
    }
  }

  private void writeShard(Iterator<Tuple2<Integer, ShardRow>> rows) throws IOException {
    int shard = TaskContext.getPartitionId();
    if (wanted.contains(shard)) {
      ShardFile.write(out.storage(), Dataset.fileOf(shard), hash, shards, new Second<>(rows));
    }
  }
}
