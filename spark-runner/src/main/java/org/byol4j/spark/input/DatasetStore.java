package org.byol4j.spark.input;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.byol4j.data.DataException;
import org.byol4j.data.ImageStore;
import org.byol4j.data.ManifestHash;
import org.byol4j.data.ShardStoreWriter;
import org.byol4j.data.Verdict;

/** Brings the shards of one replica from a data set to the disk of its machine. */
public final class DatasetStore {
  private static final int NAME_DIGITS = 16;

  private final FileSystem files;
  private final Path folder;
  private final Dataset dataset;
  private final Map<String, Integer> labels = new HashMap<>();

  /**
   * @param files the file system of the data set
   * @param folder where it lies
   */
  public DatasetStore(FileSystem files, Path folder, Dataset dataset) {
    this.files = files;
    this.folder = folder;
    this.dataset = dataset;
    dataset.classes().forEach(name -> labels.put(name, labels.size()));
  }

  /**
   * Opens the store of the shards {@code [first, end)}; fills it, unless a task before has left it
   * there.
   *
   * @param local a folder on this machine for the stores of this and other replicas
   * @throws DataException if the files do not hold what the data set says
   * @throws UncheckedIOException if they cannot be read, or the store cannot be written
   */
  public ImageStore open(int first, int end, java.nio.file.Path local) {
    String name =
        "byol4j-%s-%d-%d-of-%d"
            .formatted(dataset.hash().substring(0, NAME_DIGITS), first, end, dataset.shards());
    java.nio.file.Path store = local.resolve(name);
    if (Files.exists(store)) {
      try {
        ImageStore present = ImageStore.existing(store);
        if (present.manifest().hash().equals(dataset.hash())) {
          return present;
        }
      } catch (DataException e) {
        // a task that was ended has left half of it
        return fill(first, end, store);
      }
    }
    return fill(first, end, store);
  }

  private ImageStore fill(int first, int end, java.nio.file.Path store) {
    try (ShardStoreWriter writer = new ShardStoreWriter(store, dataset.images())) {
      for (int shard = first; shard < end; shard++) {
        copy(shard, writer);
      }
      return writer.finish(
          folder.toString(), dataset.maxPixels(), dataset.hash(), dataset.classes(), dataset.bad());
    }
  }

  private void copy(int shard, ShardStoreWriter writer) {
    Path file = new Path(folder, Dataset.fileOf(shard));
    Rows rows = new Rows(file, shard, writer);
    try {
      ShardFile.read(files, file, rows);
    } catch (ChecksumException e) {
      throw new DataException("%s is damaged: %s".formatted(file, e.getMessage()), e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read %s: %s".formatted(file, e), e);
    } catch (UncheckedIOException | DataException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new DataException("%s is not a shard's file: %s".formatted(file, e), e);
    }
    rows.checkAll();
  }

  /** Checks a shard's rows, and adds them to a store. */
  private final class Rows implements ShardFile.RowVisitor {
    private final Path file;
    private final int shard;
    private final ShardStoreWriter writer;
    private final ManifestHash hash = new ManifestHash();
    private int count;

    Rows(Path file, int shard, ShardStoreWriter writer) {
      this.file = file;
      this.shard = shard;
      this.writer = writer;
    }

    @Override
    public void row(ShardRow row) {
      long expected = (long) count * dataset.shards() + shard;
      if (row.id() != expected || expected >= dataset.images()) {
        throw new DataException(
            "%s: row %d has id=%d, expected %d of images=%d"
                .formatted(file, count, row.id(), expected, dataset.images()));
      }
      hash.add(row.path().getBytes(StandardCharsets.UTF_8), Verdict.hashOf(row.bytes()));
      writer.add(row.id(), row.path(), labels.getOrDefault(row.className(), -1), row.bytes());
      count++;
    }

    void checkAll() {
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
  }
}
