package org.byol4j.spark.input;

import java.io.Serializable;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.Partitioner;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/**
 * Reads a source a second time: each image that is asked for, with its id.
 *
 * @param parts the parts of the source
 * @param source where it lies
 */
record SourceRows(List<SourcePart> parts, Location source) implements Serializable {

  /** The rows of {@code images}, one partition for each part of the source. */
  JavaRDD<ShardRow> of(JavaRDD<Numbered> images) {
    SourceRows reader = this;
    return images
        .mapToPair(image -> new Tuple2<>(placeOf(image.image()), image))
        .repartitionAndSortWithinPartitions(new ByPart(parts.size()))
        .mapPartitionsWithIndex((part, sorted) -> reader.read(part, sorted), false);
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

  private Iterator<ShardRow> read(int part, Iterator<Tuple2<Long, Numbered>> images) {
    if (!images.hasNext()) {
      return Collections.emptyIterator();
    }
    PartRows rows =
        new PartRows(parts.get(part), source.files(), new Second<Long, Numbered>(images));
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) task -> rows.close());
    return rows;
  }
}
