package org.byol4j.spark.input;

import java.io.IOException;
import java.io.Serializable;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.apache.spark.Partitioner;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/**
 * Reads the source a second time and brings each image to its shard, by a shuffle; there the images
 * are sorted by id and written. Spark does the sorting, in memory or on disk.
 *
 * @param parts the parts of the source
 * @param source where it lies
 * @param out the folder of the data set
 * @param hash the hash of the data set
 * @param shards into how many shards it is dealt
 * @param wanted the shards that are not written yet
 */
record ShardWriter(
    List<SourcePart> parts,
    Location source,
    Location out,
    String hash,
    int shards,
    Set<Integer> wanted)
    implements Serializable {

  /** Writes the shards. */
  void write(JavaRDD<Numbered> images) {
    ShardWriter writer = this;
    images
        .filter(image -> writer.wanted.contains(image.id() % writer.shards))
        .mapToPair(image -> new Tuple2<>(placeOf(image.image()), image))
        .repartitionAndSortWithinPartitions(new ByPart(parts.size()))
        .mapPartitionsWithIndex((part, sorted) -> writer.read(part, sorted), false)
        .mapToPair(row -> new Tuple2<>(row.id(), row))
        .repartitionAndSortWithinPartitions(new ByShard(shards))
        .foreachPartition(rows -> writer.writeShard(rows));
  }

  /** Where an image lies: its part, and its number in that, as one number. */
  private static long placeOf(CheckedImage image) {
    return (long) image.part() << Integer.SIZE | image.order();
  }

  /** Which part of the source an image lies in. */
  private static final class ByPart extends Partitioner {
    private static final long serialVersionUID = 1L;
    private final int parts;

    ByPart(int parts) {
      this.parts = parts;
    }

    @Override
    public int numPartitions() {
      return parts;
    }

    @Override
    public int getPartition(Object place) {
      return (int) ((Long) place >> Integer.SIZE);
    }
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

  private Iterator<ShardRow> read(int part, Iterator<Tuple2<Long, Numbered>> images) {
    if (!images.hasNext()) {
      return Collections.emptyIterator();
    }
    PartRows rows =
        new PartRows(parts.get(part), source.files(), new Second<Long, Numbered>(images));
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) task -> rows.close());
    return rows;
  }

  private void writeShard(Iterator<Tuple2<Integer, ShardRow>> rows) throws IOException {
    int shard = TaskContext.getPartitionId();
    if (wanted.contains(shard)) {
      ShardFile.write(out.storage(), Dataset.fileOf(shard), hash, shards, new Second<>(rows));
    }
  }

  /** The values without their keys. */
  private record Second<K, V>(Iterator<Tuple2<K, V>> pairs) implements Iterator<V> {
    @Override
    public boolean hasNext() {
      return pairs.hasNext();
    }

    @Override
    public V next() {
      return pairs.next()._2();
    }
  }
}
