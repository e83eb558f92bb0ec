package org.byol4j.spark.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.Upload;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract of a storage, over Hadoop's view of a disk. */
class HadoopStorageTest {
  @TempDir Path folder;
  private Storage storage;

  @BeforeEach
  void open() throws IOException {
    storage =
        new HadoopStorage(
            fileSystem(), new org.apache.hadoop.fs.Path(folder.resolve("run").toUri()));
  }

  /** A disk as Hadoop sees it. */
  static RawLocalFileSystem fileSystem() throws IOException {
    RawLocalFileSystem files = new RawLocalFileSystem();
    files.initialize(Path.of("/").toUri(), new Configuration());
    return files;
  }

  @Test
  void objectAppearsWithItsCommit() throws IOException {
    try (Upload upload = storage.create("a/b")) {
      upload.write(bytes("12"));
      upload.write(bytes("3").asReadOnlyBuffer());
      assertThat(storage.exists("a/b")).isFalse();
      assertThat(storage.list("a")).isEmpty();
      upload.commit();
    }
    assertThat(storage.exists("a/b")).isTrue();
    assertThat(storage.exists("a")).isFalse();
    assertThat(storage.lengthBytes("a/b")).isEqualTo(3);
    assertThat(read("a/b")).isEqualTo("123");
  }

  @Test
  void uploadThatIsNotCommittedLeavesNothing() throws IOException {
    try (Upload upload = storage.create("a/b")) {
      upload.write(bytes("123"));
    }
    try (var files = Files.list(folder.resolve("run/a"))) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void whatACrashLeftOfAnUploadIsNotSeenAndDoesNotHinderTheNext() throws IOException {
    Path leftover = folder.resolve("run/a/.b.%s.partial".formatted(UUID.randomUUID()));
    Files.createDirectories(leftover.getParent());
    Files.writeString(leftover, "a longer text than the next one");
    Path ofAnotherName = folder.resolve("run/a/.b.c.%s.partial".formatted(UUID.randomUUID()));
    Files.writeString(ofAnotherName, "another's");
    FileTime longAgo = FileTime.from(Instant.now().minus(Duration.ofHours(25)));
    Files.setLastModifiedTime(leftover, longAgo);
    Files.setLastModifiedTime(ofAnotherName, longAgo);

    assertThat(storage.list("a")).isEmpty();
    put("a/b", "123");
    assertThat(read("a/b")).isEqualTo("123");
    assertThat(leftover).doesNotExist();
    assertThat(ofAnotherName).exists();
  }

  @Test
  void twoWritersOfOneNameDoNotMix() throws IOException {
    try (Upload first = storage.create("a/b");
        Upload second = storage.create("a/b")) {
      first.write(bytes("first"));
      second.write(bytes("2nd"));
      first.commit();
      assertThat(read("a/b")).isEqualTo("first");
      second.commit();
    }
    assertThat(read("a/b")).isEqualTo("2nd");
  }

  @Test
  void objectIsReplacedAsAWhole() throws IOException {
    put("a/b", "123456");
    put("a/b", "78");

    assertThat(read("a/b")).isEqualTo("78");
  }

  @Test
  void listHasTheNamesInOrder() throws IOException {
    put("b/x", "1");
    put("a", "1");
    put("c/y/z", "1");

    assertThat(storage.list("")).containsExactly("a", "b", "c");
    assertThat(storage.list("c")).containsExactly("y");
    assertThat(storage.list("nothing")).isEmpty();
  }

  @Test
  void listOfAFileIsRefused() throws IOException {
    put("a", "1");

    assertThatThrownBy(() -> storage.list("a")).isInstanceOf(NotDirectoryException.class);
  }

  @Test
  void deletedObjectsAndFoldersAreGone() throws IOException {
    put("a/b", "1");
    put("a/c/d", "1");
    storage.delete("a/b");
    assertThat(storage.list("a")).containsExactly("c");
    storage.deleteFolder("a");
    assertThat(storage.list("")).isEmpty();
    storage.delete("a/b");
    storage.deleteFolder("a");
  }

  @Test
  void missingObjectIsNamed() {
    assertThatThrownBy(() -> storage.lengthBytes("a/b"))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("run/a/b");
    assertThatThrownBy(() -> storage.read("a/b").close()).isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void fileSystemWithoutASecondClassReplacesToo() throws IOException {
    storage = on(new Elsewhere("dbfs:///"));

    put("a/b", "123456");
    put("a/b", "78");

    assertThat(read("a/b")).isEqualTo("78");
    try (var files = Files.list(folder.resolve("run/a"))) {
      assertThat(files).containsExactly(folder.resolve("run/a/b"));
    }
  }

  @Test
  void failedUploadToAStoreWithoutAbortLeavesTheOldObject() throws IOException {
    storage = on(new Elsewhere("gs://bucket"));
    put("metrics.jsonl", "a line\n");

    try (Upload upload = storage.create("metrics.jsonl")) {
      upload.write(bytes("a line\nanoth"));
    }

    assertThat(read("metrics.jsonl")).isEqualTo("a line\n");
    put("metrics.jsonl", "a line\nanother\n");
    assertThat(read("metrics.jsonl")).isEqualTo("a line\nanother\n");
  }

  @Test
  void failedUploadToAStoreWithoutAbortLeavesNothingWhereNothingWas() throws IOException {
    storage = on(new Elsewhere("gs://bucket"));

    try (Upload upload = storage.create("weights.f32")) {
      upload.write(bytes("123"));
    }

    assertThat(storage.list("")).isEmpty();
  }

  private Storage on(RawLocalFileSystem files) {
    return new HadoopStorage(
        files, new org.apache.hadoop.fs.Path(folder.resolve("run").toString()));
  }

  /** A disk under another name, whose files show when their streams are closed. */
  private static final class Elsewhere extends RawLocalFileSystem {
    private final URI name;

    Elsewhere(String name) throws IOException {
      initialize(Path.of("/").toUri(), new Configuration());
      this.name = URI.create(name);
    }

    @Override
    public URI getUri() {
      return name == null ? super.getUri() : name;
    }

    @Override
    public FSDataOutputStream create(
        org.apache.hadoop.fs.Path file,
        boolean overwrite,
        int bufferBytes,
        short replication,
        long blockBytes,
        Progressable progress)
        throws IOException {
      Path onDisk = Path.of(file.toUri().getPath());
      Files.createDirectories(onDisk.getParent());
      ByteArrayOutputStream unseen =
          new ByteArrayOutputStream() {
            @Override
            public void close() throws IOException {
              Files.write(onDisk, toByteArray());
            }
          };
      return new FSDataOutputStream(unseen, null);
    }
  }

  private void put(String path, String text) throws IOException {
    try (Upload upload = storage.create(path)) {
      upload.write(bytes(text));
      upload.commit();
    }
  }

  private String read(String path) throws IOException {
    try (var in = storage.read(path)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
