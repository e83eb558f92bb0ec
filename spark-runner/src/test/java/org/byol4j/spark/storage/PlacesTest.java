package org.byol4j.spark.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.byol4j.checkpoint.PlaceException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlacesTest {
  @TempDir Path folder;

  @Test
  void pathsAndFileUrisAreOnThisMachinesDisk() {
    assertThat(Places.isShared("runs/a")).isFalse();
    assertThat(Places.isShared("/runs/a:b")).isFalse();
    assertThat(Places.isShared("file:/runs/a")).isFalse();
    assertThat(Places.onDisk("file:///runs/a%20b")).isEqualTo(Path.of("/runs/a b"));
    assertThat(Places.onDisk("runs/a")).isEqualTo(Path.of("runs/a"));
    assertThat(Places.absolute("file:/runs/a")).isEqualTo("/runs/a");
  }

  @Test
  void allOtherUrisAreHadoops() {
    assertThat(Places.isShared("s3a://lake/a")).isTrue();
    assertThat(Places.isShared("hdfs:/runs/a")).isTrue();
    assertThat(Places.absolute("s3a://lake/a")).isEqualTo("s3a://lake/a");
    assertThat(Places.hadoopPath("s3a://lake/a")).hasToString("s3a://lake/a");
  }

  @Test
  void pathsOfADiskAreHadoopsWithoutASlashAtTheEndAndWithoutEscapes() {
    assertThat(Places.hadoopPath("/tmp")).hasToString("file:/tmp");
    assertThat(Places.hadoopPath("/tmp/a b/50%")).hasToString("file:/tmp/a b/50%");
  }

  @Test
  void fileSystemWhoseClassesAreNotHereIsRefusedWithWhereToGetThem() {
    assertThatThrownBy(() -> Places.expectFileSystem("--data", "s3a://bucket/x", Map.of()))
        .isInstanceOf(PlaceException.class)
        .hasMessageStartingWith("--data=s3a://bucket/x: ")
        .hasMessageContaining("S3AFileSystem not found; expected spark-submit with --packages")
        .hasMessageContaining(" org.apache.hadoop:hadoop-aws:3.")
        .hasMessageContaining("spark-runner/target/spark/jars");
  }

  @Test
  void uriThatLeadsNowhereIsRefusedByTheOptionThatSaysIt() {
    expectRefused("hdfs://nohost.invalid/x", "host=nohost.invalid is not known");
    expectRefused("foo://a/x", "no file system has the scheme foo");
    expectRefused("hdfs:/x", "Incomplete HDFS URI, no host");
    assertThatThrownBy(() -> Places.checkpoint("foo://a/x"))
        .isInstanceOf(PlaceException.class)
        .hasMessageStartingWith("foo://a/x: ");
    for (String noUri : new String[] {"foo:x", "file:x", "file:/%"}) {
      assertThatThrownBy(() -> Places.expectFolder("--out", noUri, Map.of()))
          .as(noUri)
          .isInstanceOf(PlaceException.class)
          .hasMessageStartingWith(noUri + ": ");
    }
  }

  private static void expectRefused(String place, String reason) {
    assertThatThrownBy(() -> Places.expectFolder("--out", place, Map.of()))
        .isInstanceOf(PlaceException.class)
        .hasMessageStartingWith("--out=%s: %s".formatted(place, reason));
  }

  @Test
  void fileIsNoFolderWhereverItLies() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    Map<String, String> spark = Map.of("hadoop.fs.held.impl", "org.byol4j.spark.HeldFileSystem");

    for (String place : new String[] {file.toString(), "held:" + file}) {
      assertThatThrownBy(() -> Places.expectFolder("--out", place, spark))
          .isInstanceOf(PlaceException.class)
          .hasMessage("--out=%s is a file, expected a folder".formatted(place));
    }
    Places.expectFolder("--out", folder.toString(), spark);
    Places.expectFolder("--out", "held:" + folder.resolve("new"), spark);
  }
}
