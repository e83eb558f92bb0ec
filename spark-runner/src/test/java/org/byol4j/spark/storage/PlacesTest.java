package org.byol4j.spark.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class PlacesTest {
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
}
