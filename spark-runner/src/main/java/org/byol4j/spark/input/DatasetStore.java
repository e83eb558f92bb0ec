package org.byol4j.spark.input;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.ChecksumException;
import org.byol4j.data.DataException;
import org.byol4j.data.ImageStore;
import org.byol4j.data.Manifest;
import org.byol4j.data.ShardStoreWriter;
import org.byol4j.data.ShardStores;
import org.byol4j.data.StoreProgress;
import org.byol4j.spark.storage.Places;

/**
 * Brings shards of a data set to the disk of this machine, each as a whole: one that a task before
 * has brought there is not copied again, even if that task was stopped.
 */
public final class DatasetStore {
  private static final int NAME_DIGITS = 16;

  private final Location folder;
  private final Dataset dataset;
  private final Map<String, Integer> labels = new HashMap<>();

  private DatasetStore(Location folder, Dataset dataset) {
    this.folder = folder;
    this.dataset = dataset;
    dataset.classes().forEach(name -> labels.put(name, labels.size()));
  }

  /**
   * The data set in {@code place}; empty if there is none.
   *
   * @throws DataException if it is damaged or of another version
   * @throws UncheckedIOException if it cannot be read
   */
  public static Optional<DatasetStore> find(String place) {
    if (!Places.isShared(place) && !Files.exists(Places.onDisk(place).resolve(Dataset.FILE_NAME))) {
      return Optional.empty();
    }
    Location folder = Location.of(place);
    return Dataset.in(folder.storage()).map(dataset -> new DatasetStore(folder, dataset));
  }

  /**
   * The data set in {@code place}.
   *
   * @throws DataException if there is none
   * @throws UncheckedIOException if it cannot be read
   */
  public static DatasetStore in(String place) {
    return find(place)
        .orElseThrow(() -> new DataException("no ingested images: path=%s".formatted(place)));
  }

  /** What the data set holds. */
  public Dataset dataset() {
    return dataset;
  }

  /**
   * Opens the shards {@code [first, end)}, and copies those that are not there.
   *
   * @param local a folder on this machine, which any number of tasks and processes may share
   * @param progress hears of each image; may throw to end the copying
   * @throws DataException if the files do not hold what the data set says
   * @throws UncheckedIOException if they cannot be read, or the store cannot be written
   */
  public ImageStore open(int first, int end, java.nio.file.Path local, StoreProgress progress) {
    String name =
        "byol4j-%s-%d".formatted(dataset.hash().substring(0, NAME_DIGITS), dataset.shards());
    ShardStores stores = new ShardStores(local.resolve(name), dataset.shards());
    long total = 0;
    for (int shard = first; shard < end; shard++) {
      total += dataset.imagesOf(shard);
    }
    long done = 0;
    for (int shard = first; shard < end; shard++) {
      if (!stores.has(shard, dataset.files().get(shard).sha256())) {
        copy(shard, stores, new Counted(progress, done, total));
      }
      done += dataset.imagesOf(shard);
      progress.settled(done, total);
    }
    return stores.open(
        Manifest.ofShards(
            folder.toString(),
            dataset.maxPixels(),
            dataset.images(),
            dataset.hash(),
            dataset.classes(),
            dataset.bad()),
        first,
        end);
  }

  /** Counts on behind the shards before. */
  private record Counted(StoreProgress progress, long before, long total) {
    void settled(int done) {
      progress.settled(before + done, total);
    }
  }

  private void copy(int shard, ShardStores stores, Counted progress) {
    org.apache.hadoop.fs.Path file =
        new org.apache.hadoop.fs.Path(folder.path(), Dataset.fileOf(shard));
    ShardCheck check = new ShardCheck(file, dataset, shard);
    try (ShardStoreWriter writer = stores.write(shard)) {
      read(
          file,
          row -> {
            check.next(row);
            writer.add(row.path(), labels.getOrDefault(row.className(), -1), row.bytes());
            progress.settled(writer.images());
          });
      check.end(writer.hash());
      writer.finish();
    }
  }

  private void read(org.apache.hadoop.fs.Path file, ShardFile.RowVisitor rows) {
    try {
      ShardFile.read(folder.files(), file, rows);
    } catch (ChecksumException e) {
      throw new DataException("%s is damaged: %s".formatted(file, e.getMessage()), e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read %s: %s".formatted(file, e), e);
    }
  }
}
