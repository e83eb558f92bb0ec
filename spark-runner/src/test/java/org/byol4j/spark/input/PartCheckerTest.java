package org.byol4j.spark.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.security.AccessControlException;
import org.byol4j.spark.storage.HadoopStorage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of images that cannot be read. */
class PartCheckerTest {
  private static final String VERDICTS = "checked.bin";

  @TempDir java.nio.file.Path folder;

  @BeforeEach
  void addAnImage() throws IOException {
    Files.createDirectories(folder.resolve("images"));
    Files.write(folder.resolve("images/a.png"), new byte[] {1, 2, 3});
  }

  @Test
  void imageThatCannotBeReadAtTheMomentHasNoVerdict() {
    IOException failure = new SocketTimeoutException("read timed out");

    assertThatThrownBy(() -> check(failure))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("cannot read image: path=a.png: ")
        .hasCause(failure);
    assertThat(folder.resolve(VERDICTS)).doesNotExist();
  }

  @Test
  void imageThatIsGoneOrForbiddenIsUnreadable() throws IOException {
    for (IOException failure :
        List.of(
            new FileNotFoundException("gone"),
            new AccessControlException("forbidden"),
            new AccessDeniedException("forbidden"))) {
      check(failure);

      assertThat(faults()).as(failure.toString()).containsExactly("unreadable");
    }
  }

  private void check(IOException failure) throws IOException {
    RawLocalFileSystem files =
        new RawLocalFileSystem() {
          @Override
          public FSDataInputStream open(Path file, int bufferBytes) throws IOException {
            if (file.getName().equals("a.png")) {
              throw failure;
            }
            return super.open(file, bufferBytes);
          }
        };
    files.initialize(java.nio.file.Path.of("/").toUri(), new Configuration());
    String images = new Path(folder.resolve("images").toUri()).toString();
    SourcePart part = new SourcePart.Folder(images, "", true, 0, 1);
    PartChecker.check(part, files, 1 << 20, storage(), VERDICTS);
  }

  private List<String> faults() throws IOException {
    List<String> faults = new ArrayList<>();
    try (VerdictFile.Reader verdicts = new VerdictFile.Reader(storage(), VERDICTS, 0)) {
      verdicts.forEachRemaining(verdict -> faults.add(verdict.fault()));
    }
    return faults;
  }

  private HadoopStorage storage() throws IOException {
    RawLocalFileSystem files = new RawLocalFileSystem();
    files.initialize(java.nio.file.Path.of("/").toUri(), new Configuration());
    return new HadoopStorage(files, new Path(folder.toUri()));
  }
}
