package org.byol4j.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * Shards of one set of images on this machine's disk, each a store in a folder of its own. A
 * shard's folder is whole or is not there: it is written under another name, its files are brought
 * to the disk, and then it is renamed. So any number of tasks and processes may fill the same
 * folder, and whatever one of them was stopped in the middle of is only not there.
 *
 * <pre>
 *   shard-00012/                 the store of shard 12
 *   .shard-00013.UUID.part/      one that is being written, or that a process which was killed left
 * </pre>
 *
 * <p>Safe for any number of threads.
 */
public final class ShardStores {
  private final Path folder;
  private final int shards;

  /**
   * The shards in {@code folder}, which need not exist.
   *
   * @param shards into how many shards the set is dealt: the image {@code id} is in {@code id mod
   *     shards}
   */
  public ShardStores(Path folder, int shards) {
    this.folder = folder;
    this.shards = shards;
  }

  /**
   * Whether a shard is here, whole.
   *
   * @param sha256 the {@link ManifestHash} of its images
   */
  public boolean has(int shard, String sha256) {
    return files(shard).present().filter(found -> found.hash().equals(sha256)).isPresent();
  }

  /**
   * Begins to write a shard.
   *
   * @throws java.io.UncheckedIOException if the disk does not take it
   */
  public ShardStoreWriter write(int shard) {
    return new ShardStoreWriter(files(shard).folder());
  }

  /**
   * Opens the shards {@code [first, end)} as one store, of which the other shards are not here.
   *
   * @param set what is known of the whole set, {@link Manifest#ofShards}
   * @throws DataException if one of them is not here
   * @throws java.io.UncheckedIOException if one cannot be read
   */
  public ImageStore open(Manifest set, int first, int end) {
    StorePart[] parts = new StorePart[shards];
    Arrays.fill(parts, StorePart.ABSENT);
    for (int shard = first; shard < end; shard++) {
      StoreFiles files = files(shard);
      try {
        Optional<Manifest> found = files.present();
        if (found.isEmpty()) {
          throw new DataException(
              "no store of shard=%d of %d: folder=%s".formatted(shard, shards, files.folder()));
        }
        parts[shard] = StorePart.of(files, found.get());
      } catch (IOException e) {
        throw files.failed("open", e);
      }
    }
    return new ImageStore(set, parts);
  }

  private StoreFiles files(int shard) {
    return new StoreFiles(folder.resolve("shard-%05d".formatted(shard)));
  }
}
