package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a machine keeps. */
class CacheFolderTest {
  @TempDir private Path folder;

  @Test
  void whatWasPutIsThereForOthers() throws IOException {
    Path below = folder.resolve("a").resolve("b");
    assertThat(new CacheFolder(below).get("kernel")).isEmpty();

    new CacheFolder(below).put("kernel", new byte[] {1, 2});
    new CacheFolder(below).put("kernel", new byte[] {3});

    assertThat(new CacheFolder(below).get("kernel")).contains(new byte[] {3});
    try (Stream<Path> files = Files.list(below)) {
      assertThat(files).as("nothing unfinished is left").containsExactly(below.resolve("kernel"));
    }
  }

  @Test
  void folderIsThatOfTheUsersCaches() {
    assertThat(CacheFolder.ofThisMachine(Map.of("XDG_CACHE_HOME", folder.toString())).path())
        .isEqualTo(folder.resolve("byol4j").resolve("cuda"));
  }

  @Test
  void folderThatCannotBeMadeIsReplacedByATemporaryOne() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));

    assertThat(CacheFolder.ofThisMachine(Map.of("XDG_CACHE_HOME", file.toString())).path())
        .startsWithRaw(Path.of(System.getProperty("java.io.tmpdir")));
  }
}
