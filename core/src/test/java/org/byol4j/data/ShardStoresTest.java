package org.byol4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Shards on a machine's disk, which any number of tasks may write: image 5 of 3 shards is in 2. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ShardStoresTest {
  private static final int SHARDS = 3;
  private static final int IMAGES = 8;

  @TempDir Path folder;

  @Test
  void imagesAreFoundByTheirIdsInTheShardsThatAreOpened() {
    for (int shard = 0; shard < SHARDS; shard++) {
      write(shard);
    }

    ImageStore store = stores().open(set(), 1, SHARDS);

    assertThat(store.size()).isEqualTo(IMAGES);
    for (int id = 0; id < IMAGES; id++) {
      assertThat(store.holds(id)).as("id=%d", id).isEqualTo(id % SHARDS >= 1);
      if (store.holds(id)) {
        assertThat(store.name(id)).isEqualTo(name(id));
        assertThat(store.label(id)).isEqualTo(id + 100);
        ByteBuffer encoded = store.reader().read(id);
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        assertThat(bytes).isEqualTo(bytes(id));
      }
    }
  }

  @Test
  void shardThatIsNotFinishedIsNotThereAndLeavesNothing() throws IOException {
    try (ShardStoreWriter writer = stores().write(2)) {
      writer.add(name(2), 0, bytes(2));
    }

    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }
    assertThatThrownBy(() -> stores().open(set(), 2, SHARDS))
        .isInstanceOf(DataException.class)
        .hasMessage("no store of shard=2 of 3: folder=%s".formatted(folder.resolve("shard-00002")));
  }

  @Test
  void storeThatCannotBeBegunLeavesNothingAndNothingOpen() throws IOException {
    Path part = folder.resolve(".shard-00001.ours.part");
    Files.createDirectories(part.resolve("names.bin"));

    assertThatThrownBy(() -> new ShardStoreWriter(folder.resolve("shard-00001"), "ours"))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot write image store: path=" + part);

    assertThat(part).doesNotExist();
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      assertThat(descriptors.map(ShardStoresTest::target))
          .noneMatch(file -> file.startsWith(folder.toString()));
    }
  }

  /** What a descriptor of this process leads to; nothing if it was closed meanwhile. */
  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException e) {
      return "";
    }
  }

  @Test
  void shardOfOtherImagesOrWithAFileCutIsNotTaken() throws IOException {
    String hash = write(0);
    assertThat(stores().has(0, hash)).isTrue();
    assertThat(stores().has(0, hash.replace(hash.charAt(0), 'x'))).isFalse();
    assertThat(stores().has(1, hash)).isFalse();

    Path images = folder.resolve("shard-00000").resolve("images-00000.bin");
    Files.write(images, new byte[] {1});
    assertThat(stores().has(0, hash)).isFalse();

    write(0);
    assertThat(stores().has(0, hash)).isTrue();
    assertThat(images).hasBinaryContent(joined(0));
  }

  @Test
  void ofTwoWritersTheFirstIsTakenAndTheOtherLeavesNothing() throws IOException {
    try (ShardStoreWriter slow = begun(1)) {
      String hash = write(1);
      Path manifest = folder.resolve("shard-00001").resolve("manifest.json");
      Object first = Files.readAttributes(manifest, "unix:ino").get("ino");

      slow.finish();

      assertThat(stores().has(1, hash)).isTrue();
      assertThat(Files.readAttributes(manifest, "unix:ino")).containsEntry("ino", first);
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).containsExactly(folder.resolve("shard-00001"));
    }
  }

  @Test
  void shardThatAWriterHasFinishedStaysWhoeverFinishesAtTheSameTime() throws Exception {
    int writers = 4;
    ExecutorService threads = Executors.newFixedThreadPool(writers);
    try {
      for (int round = 0; round < 50; round++) {
        ShardStores stores = new ShardStores(folder.resolve("round-" + round), SHARDS);
        CyclicBarrier together = new CyclicBarrier(writers);
        List<Callable<ImageStore>> tasks = new ArrayList<>();
        for (int i = 0; i < writers; i++) {
          tasks.add(
              () -> {
                try (ShardStoreWriter writer = stores.write(1)) {
                  addAll(1, writer);
                  together.await();
                  writer.finish();
                }
                return stores.open(set(), 1, 2);
              });
        }
        for (Future<ImageStore> task : threads.invokeAll(tasks)) {
          assertThat(task.get().name(1)).isEqualTo(name(1));
        }
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private ShardStores stores() {
    return new ShardStores(folder, SHARDS);
  }

  private static Manifest set() {
    return Manifest.ofShards("source", 100, IMAGES, "hash", List.of(), Map.of());
  }

  /** Writes a shard; returns its hash. */
  private String write(int shard) {
    try (ShardStoreWriter writer = begun(shard)) {
      writer.finish();
      return writer.hash();
    }
  }

  private ShardStoreWriter begun(int shard) {
    ShardStoreWriter writer = stores().write(shard);
    addAll(shard, writer);
    return writer;
  }

  private static void addAll(int shard, ShardStoreWriter writer) {
    for (int id = shard; id < IMAGES; id += SHARDS) {
      writer.add(name(id), id + 100, bytes(id));
    }
  }

  private static byte[] joined(int shard) {
    ByteBuffer all = ByteBuffer.allocate(1000);
    for (int id = shard; id < IMAGES; id += SHARDS) {
      all.put(bytes(id));
    }
    byte[] joined = new byte[all.position()];
    all.get(0, joined);
    return joined;
  }

  private static String name(int id) {
    return "class/" + "0".repeat(id) + ".png";
  }

  private static byte[] bytes(int id) {
    return ("encoded " + "x".repeat(10 * id)).getBytes(StandardCharsets.UTF_8);
  }
}
