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
  private final ShardCheck check;
  private final ManifestHash hash = new ManifestHash();
  private final ShardFile.Reader reader;
  private Optional<ShardRow> next;

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
    this.check = new ShardCheck(file, dataset, shard);
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
    row.ifPresentOrElse(this::note, () -> check.end(hash.hex()));
    return row;
  }

  private void note(ShardRow row) {
    check.next(row);
    hash.add(row.path().getBytes(StandardCharsets.UTF_8), Verdict.hashOf(row.bytes()));
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
