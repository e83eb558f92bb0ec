package org.byol4j.cli;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A folder that goes with what is in it: when it is closed, or when a signal ends the JVM. */
final class TemporaryFolder implements AutoCloseable {
  private final Path path;
  private final Thread onShutdown = new Thread(this::deleteWhatCanBe, "temporary-folder");

  TemporaryFolder() {
    try {
      path = Files.createTempDirectory("byol4j-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Runtime.getRuntime().addShutdownHook(onShutdown);
  }

  Path path() {
    return path;
  }

  @Override
  public void close() {
    deleteWhatCanBe();
  }

  /** Other threads may still write here while the JVM ends: what they make then stays. */
  private void deleteWhatCanBe() {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(path)) {
      walk.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
