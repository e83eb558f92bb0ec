package org.byol4j.spark.input;

import org.apache.hadoop.fs.Path;
import org.byol4j.data.DataException;

/** Compares the rows of a shard, as they are read, with what the data set says of it. */
final class ShardCheck {
  private final Path file;
  private final Dataset dataset;
  private final int shard;
  private int rows;

  /**
   * Begins before the first row.
   *
   * @param file the shard's, for messages
   */
  ShardCheck(Path file, Dataset dataset, int shard) {
    this.file = file;
    this.dataset = dataset;
    this.shard = shard;
  }

  /**
   * Looks at the next row.
   *
   * @throws DataException if another one belongs there
   */
  void next(ShardRow row) {
    long expected = (long) rows * dataset.shards() + shard;
    if (row.id() != expected || expected >= dataset.images()) {
      throw new DataException(
          "%s: row %d has id=%d, expected %d of images=%d"
              .formatted(file, rows, row.id(), expected, dataset.images()));
    }
    rows++;
  }

  /**
   * Looks whether these were all, and those that were written.
   *
   * @param sha256 the {@link org.byol4j.data.ManifestHash} of the rows
   * @throws DataException if some are missing, or they are not those that were written
   */
  void end(String sha256) {
    if (rows != dataset.imagesOf(shard)) {
      throw new DataException(
          "%s: rows=%d, expected %d".formatted(file, rows, dataset.imagesOf(shard)));
    }
    String expected = dataset.files().get(shard).sha256();
    if (!sha256.equals(expected)) {
      throw new DataException(
          "%s: damaged, sha256 of its rows=%s, expected %s".formatted(file, sha256, expected));
    }
  }
}
