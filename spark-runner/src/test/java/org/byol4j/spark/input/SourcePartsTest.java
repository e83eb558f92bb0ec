package org.byol4j.spark.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.byol4j.data.DataException;
import org.byol4j.data.ImageSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourcePartsTest {
  @TempDir java.nio.file.Path folder;
  private FileSystem files;

  @BeforeEach
  void openFiles() throws IOException {
    files = FileSystem.getLocal(new Configuration());
  }

  @Test
  void subfoldersAreAPartEach() throws IOException {
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 70; i++) {
      expected.add(touch("train/%02d/deep/a.png".formatted(i)));
    }

    List<SourcePart> parts = parts();

    assertThat(parts).hasSize(70);
    assertThat(pathsIn(parts)).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void largeFolderIsSeveralPartsWithoutOverlap() throws IOException {
    List<String> expected =
        IntStream.range(0, 4100).mapToObj(i -> touch("%04d.jpg".formatted(i))).toList();

    List<SourcePart> parts = parts();

    assertThat(parts).hasSize(3);
    assertThat(pathsIn(parts)).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void folderWithParquetIsATableOfItsOwnFilesOnly() throws IOException {
    touch("b.parquet");
    touch("a.PARQUET");
    touch("_log/c.parquet");

    assertThat(parts())
        .extracting(part -> ((SourcePart.Table) part).file())
        .containsExactly(at("a.PARQUET"), at("b.parquet"));
    touch("image.png");
    assertThatThrownBy(this::parts)
        .isInstanceOf(DataException.class)
        .hasMessageContaining("images and Parquet files in one source");
  }

  @Test
  void whatIsNoSourceIsNamed() {
    touch("notes.txt");

    assertThatThrownBy(() -> SourceParts.of(files, new Path(at("notes.txt"))))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("not a source of images: path=" + at("notes.txt"));
    assertThatThrownBy(() -> SourceParts.of(files, new Path(at("none"))))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("no such file or folder: path=" + at("none"));
  }

  @Test
  void changedArchiveHasAnotherFingerprint() throws IOException {
    touch("images.tar");
    Path archive = new Path(at("images.tar"));
    String before = SourceParts.fingerprint(SourceParts.of(files, archive), 1);
    assertThat(SourceParts.fingerprint(SourceParts.of(files, archive), 1)).isEqualTo(before);

    Files.write(folder.resolve("images.tar"), new byte[10]);

    assertThat(SourceParts.fingerprint(SourceParts.of(files, archive), 1)).isNotEqualTo(before);
    assertThat(SourceParts.fingerprint(SourceParts.of(files, archive), 2)).isNotEqualTo(before);
  }

  @Test
  void unusualNamesAreReadAsTheyAre() {
    String name = touch("12:30 + 5 %/ü?.jpg");

    assertThat(pathsIn(parts())).containsExactly(name);
  }

  @Test
  void linksBackArePassedOverAndCountedAsOnOneMachine() throws IOException {
    touch("a/x.jpg");
    touch("a/b/c/y.jpg");
    // the driver comes to these
    Files.createSymbolicLink(folder.resolve("root"), folder);
    Files.createSymbolicLink(folder.resolve("a/itself"), folder.resolve("a"));
    // and tasks to these: the driver has enough folders with the many
    Files.createSymbolicLink(folder.resolve("a/b/c/up"), folder.resolve("a"));
    Files.createSymbolicLink(folder.resolve("other"), folder.resolve("a/b/c"));
    for (int i = 0; i < 70; i++) {
      touch("many/%02d/x.jpg".formatted(i));
    }
    Seen ofOneMachine = new Seen();
    ImageSource.at(folder).read(ofOneMachine);

    Seen seen = seenIn(parts());

    assertThat(seen.paths)
        .contains("a/x.jpg", "a/b/c/y.jpg", "other/y.jpg")
        .containsExactlyInAnyOrderElementsOf(ofOneMachine.paths);
    assertThat(seen.ignored)
        .hasSizeGreaterThanOrEqualTo(4)
        .containsOnly("link to a folder above it")
        .hasSameSizeAs(ofOneMachine.ignored);
  }

  private List<SourcePart> parts() {
    return SourceParts.of(files, new Path(folder.toUri()));
  }

  private String at(String path) {
    return new Path(folder.resolve(path).toUri()).toString();
  }

  private List<String> pathsIn(List<SourcePart> parts) {
    return seenIn(parts).paths;
  }

  private Seen seenIn(List<SourcePart> parts) {
    Seen seen = new Seen();
    parts.forEach(part -> part.read(files, seen));
    return seen;
  }

  /** What came up in a source, by either way to read one. */
  private static final class Seen implements SourcePart.Visitor, ImageSource.Visitor {
    private final List<String> paths = new ArrayList<>();
    private final List<String> ignored = new ArrayList<>();

    @Override
    public void image(String path, String className, ImageSource.Encoded file) {
      paths.add(path);
    }

    @Override
    public void image(String path, long lengthBytes, ImageSource.Encoded file) {
      paths.add(path);
    }

    @Override
    public void bad(String path, String reason) {}

    @Override
    public void ignored(String kind) {
      ignored.add(kind);
    }

    @Override
    public void ignored(String path, String kind) {
      ignored.add(kind);
    }
  }

  private String touch(String path) {
    try {
      java.nio.file.Path file = folder.resolve(path);
      Files.createDirectories(file.getParent());
      if (!Files.exists(file)) {
        Files.createFile(file);
      }
      return path;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
