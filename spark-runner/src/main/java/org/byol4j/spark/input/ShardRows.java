package org.byol4j.spark.input;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.byol4j.data.DataException;
import org.byol4j.data.ManifestHash;
import org.byol4j.data.Verdict;

/**
 * The rows of a shard in the order of ids, each compared with what the data set says. That the
 * whole shard is as it was written is known, and told, when there is no row left.
 */
final class ShardRows implements Iterator<ShardRow>, AutoCloseable {
  private final Path file;
  private final Dataset dataset;
  private final int shard;
  private final ManifestHash hash = new ManifestHash();
  private final ShardFile.Reader reader;
  private Optional<ShardRow> next;
  private int count;

  /**
   * Opens a shard.
   *
   * @param files the file system of the data set
   * @param folder where it lies
   * @throws DataException if the file is not a shard's
   * @throws UncheckedIOException if it cannot be read
   */
  ShardRows(FileSystem files, Path folder, Dataset dataset, int shard) {
    this.file = new Path(folder, Dataset.fileOf(shard));
    this.dataset = dataset;
    this.shard = shard;
    this.reader = orTold(() -> ShardFile.open(files, file));
    try {
      this.next = advance();
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Something that Parquet does. */
  @FunctionalInterface
  private interface Reading<T> {
    T get() throws IOException;
  }

  private <T> T orTold(Reading<T> reading) {
    try {
      return reading.get();
    } catch (ChecksumException e) {
      throw new DataException("%s is damaged: %s".formatted(file, e.getMessage()), e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read %s: %s".formatted(file, e), e);
    }
  }

  private Optional<ShardRow> advance() {
    Optional<ShardRow> row = orTold(reader::next);
    row.ifPresentOrElse(this::check, this::checkAll);
    return row;
  }

  private void check(ShardRow row) {
    long expected = (long) count * dataset.shards() + shard;
    if (row.id() != expected || expected >= dataset.images()) {
      throw new DataException(
          "%s: row %d has id=%d, expected %d of images=%d"
              .formatted(file, count, row.id(), expected, dataset.images()));
    }
    hash.add(row.path().getBytes(StandardCharsets.UTF_8), Verdict.hashOf(row.bytes()));
    count++;
  }

  private void checkAll() {
    int expected = (dataset.images() - shard + dataset.shards() - 1) / dataset.shards();
    if (count != expected) {
      throw new DataException("%s: rows=%d, expected %d".formatted(file, count, expected));
    }
    String actual = hash.hex();
    if (!actual.equals(dataset.files().get(shard).sha256())) {
      throw new DataException(
          "%s: damaged, sha256 of its rows=%s, expected %s"
              .formatted(file, actual, dataset.files().get(shard).sha256()));
    }
  }

  @Override
  public boolean hasNext() {
    return next.isPresent();
  }

  @Override
  public ShardRow next() {
    if (next.isEmpty()) {
      throw new NoSuchElementException("no row is left: " + file);
    }
    ShardRow row = next.get();
    next = advance();
    return row;
  }

  @Override
  public void close() {
    try {
      reader.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close " + file, e);
    }
  }
}
