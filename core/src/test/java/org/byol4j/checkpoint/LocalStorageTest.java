package org.byol4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalStorageTest {
  @TempDir Path folder;
  private Storage storage;

  @BeforeEach
  void open() {
    storage = new LocalStorage(folder.resolve("run/checkpoints"));
  }

  @Test
  void objectAppearsWithItsCommit() throws IOException {
    try (Upload upload = storage.create("a/b")) {
      upload.write(bytes("12"));
      upload.write(bytes("3"));
      assertThat(storage.exists("a/b")).isFalse();
      assertThat(storage.list("a")).isEmpty();
      upload.commit();
    }
    assertThat(storage.exists("a/b")).isTrue();
    assertThat(storage.lengthBytes("a/b")).isEqualTo(3);
    assertThat(read("a/b")).isEqualTo("123");
  }

  @Test
  void uploadThatIsNotCommittedLeavesNothing() throws IOException {
    try (Upload upload = storage.create("a/b")) {
      upload.write(bytes("123"));
    }
    try (var files = Files.list(folder.resolve("run/checkpoints/a"))) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void whatACrashLeftOfAnUploadIsNotSeenAndDoesNotHinderTheNext() throws IOException {
    Path leftover = folder.resolve("run/checkpoints/a/.b.partial");
    Files.createDirectories(leftover.getParent());
    Files.writeString(leftover, "a longer text than the next one");

    assertThat(storage.list("a")).isEmpty();
    put("a/b", "123");
    assertThat(read("a/b")).isEqualTo("123");
    assertThat(leftover).doesNotExist();
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
        .hasMessageContaining("run/checkpoints/a/b");
    assertThatThrownBy(() -> storage.read("a/b").close()).isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void runIsWrittenToByOneAtATime() {
    RunFolder run = new RunFolder(folder.resolve("run"));
    RunLock lock = RunLock.take(run);
    assertThatThrownBy(() -> RunLock.take(run))
        .isInstanceOf(CheckpointException.class)
        .hasMessageEndingWith("run: another process writes to this run, expected none");
    lock.close();
    lock.close();

    RunLock.take(run).close();
  }

  @Test
  void runThatCannotBeWrittenToIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");

    assertThatThrownBy(() -> RunLock.take(new RunFolder(file.resolve("run"))))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("cannot be written");
  }

  @Test
  void runIsNoFileAndLiesInNone() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");

    assertThatThrownBy(() -> RunStorage.of(file).lease())
        .isInstanceOf(PlaceException.class)
        .hasMessage("--out=%s is a file, expected a folder".formatted(file));
    assertThatThrownBy(() -> RunStorage.of(file.resolve("a/b")).lease())
        .isInstanceOf(PlaceException.class)
        .hasMessage("--out=%s/a/b: %s is a file, expected a folder".formatted(file, file));
  }

  @Test
  void fileThatIsToBeWrittenIsNoFolder() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");

    assertThatThrownBy(() -> new OutputPath("--sample", folder).expectFile())
        .isInstanceOf(PlaceException.class)
        .hasMessage("--sample=%s is a folder, expected a file".formatted(folder));
    new OutputPath("--out", file).expectFile();
    new OutputPath("--out", folder.resolve("new/new")).expectFile();
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
