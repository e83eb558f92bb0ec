package org.byol4j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.byol4j.checkpoint.OutputPath;

/**
 * Where the demo leaves its outputs: the images, the run, and {@code summary.json}.
 *
 * @param folder everything lies in here
 */
record DemoFolder(Path folder) {
  private static final String MARKER = ".byol4j-demo";

  /** The images that are trained on, a folder for each class. */
  Path train() {
    return folder.resolve("data").resolve("train");
  }

  /** The images that are classified. */
  Path test() {
    return folder.resolve("data").resolve("test");
  }

  /** The training run: checkpoints and metrics. */
  Path run() {
    return folder.resolve("run");
  }

  /** The result, a JSON object. */
  Path summary() {
    return folder.resolve("summary.json");
  }

  Path testStore() {
    return folder.resolve("test-store");
  }

  /**
   * Makes the folder, and removes what an earlier demo left in it.
   *
   * @return false, with nothing touched, if it holds something else
   * @throws org.byol4j.checkpoint.PlaceException if it, or what it would lie in, is a file
   * @throws UncheckedIOException if it cannot be made or emptied
   */
  boolean prepare() {
    new OutputPath("--out", folder).expectFolder();
    Path marker = folder.resolve(MARKER);
    try {
      Files.createDirectories(folder);
      if (!Files.exists(marker) && !isEmpty()) {
        return false;
      }
      for (Path old : List.of(folder.resolve("data"), run(), testStore(), summary())) {
        remove(old);
      }
      Files.write(marker, new byte[0]);
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot prepare %s: cause=%s".formatted(folder, e), e);
    }
  }

  private boolean isEmpty() throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.findAny().isEmpty();
    }
  }

  private static void remove(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(path)) {
      List<Path> deepestFirst = walk.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.delete(file);
      }
    }
  }
}
