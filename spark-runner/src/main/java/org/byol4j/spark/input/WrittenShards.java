package org.byol4j.spark.input;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

/** Finds the shards of a data set that are there, by their footers. */
final class WrittenShards {
  private WrittenShards() {}

  /**
   * The files that are whole and of the data set, by shard, in order; looked at by tasks.
   *
   * @param out the folder of the data set
   * @param hash the hash of the data set
   * @param shards into how many it is dealt
   */
  static Map<Integer, Dataset.File> in(
      JavaSparkContext spark, Location out, String hash, int shards) {
    Map<Integer, Dataset.File> written = new TreeMap<>();
    spark
        .parallelize(IntStream.range(0, shards).boxed().toList(), shards)
        .mapToPair(shard -> new Tuple2<>(shard, footer(out, shard, hash, shards)))
        .filter(found -> !found._2().isEmpty())
        .collect()
        .forEach(found -> written.put(found._1(), found._2().get(0)));
    return written;
  }

  /** Empty if there is none; an {@code Optional} cannot travel. */
  private static List<Dataset.File> footer(Location out, int shard, String hash, int shards)
      throws IOException {
    Path file = new Path(out.path(), Dataset.fileOf(shard));
    return ShardFile.footer(out.files(), file, hash, shards).stream().toList();
  }
}
