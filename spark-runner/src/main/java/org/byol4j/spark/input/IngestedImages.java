package org.byol4j.spark.input;

import java.util.Iterator;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.TaskCompletionListener;

/**
 * The images of a data set that was ingested.
 *
 * @param folder where it lies, as Hadoop finds it
 */
record IngestedImages(JavaSparkContext spark, String folder, Dataset dataset)
    implements NumberedImages {

  @Override
  public int count() {
    return dataset.images();
  }

  @Override
  public String hash() {
    return dataset.hash();
  }

  @Override
  public Map<String, Integer> bad() {
    return dataset.bad();
  }

  @Override
  public JavaRDD<ShardRow> rows(Wanted wanted) {
    String place = folder;
    Dataset set = dataset;
    return spark
        .parallelize(IntStream.range(0, set.shards()).boxed().toList(), set.shards())
        .flatMap(shard -> open(place, set, shard))
        .filter(row -> wanted.isWanted(row.id()));
  }

  private static Iterator<ShardRow> open(String place, Dataset dataset, int shard) {
    Location folder = new Location(place);
    ShardRows rows = new ShardRows(folder.files(), folder.path(), dataset, shard);
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) task -> rows.close());
    return rows;
  }

  @Override
  public void close() {
    // there is nothing to free: Spark keeps no part of it
  }
}
