package org.byol4j.device.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Where a machine keeps what is expensive to make, between processes and at a time. */
final class CacheFolder {

  /** Names the folder, for those who want it elsewhere. */
  static final String PROPERTY = "byol4j.cuda.cache";

  private final Path folder;

  CacheFolder(Path folder) {
    this.folder = folder;
  }

  /**
   * The folder of this machine's user: what the system property says, else {@code
   * $XDG_CACHE_HOME/byol4j/cuda}, else {@code ~/.cache/byol4j/cuda}, or, where none can be written,
   * one among the temporary files.
   */
  static CacheFolder ofThisMachine(Map<String, String> environment) {
    String named = System.getProperty(PROPERTY);
    if (named != null) {
      return new CacheFolder(Path.of(named));
    }
    String caches = environment.get("XDG_CACHE_HOME");
    Path home =
        caches == null || caches.isEmpty()
            ? Path.of(System.getProperty("user.home"), ".cache")
            : Path.of(caches);
    Path usual = home.resolve("byol4j").resolve("cuda");
    if (canWrite(usual)) {
      return new CacheFolder(usual);
    }
    return new CacheFolder(
        Path.of(
            System.getProperty("java.io.tmpdir"),
            "byol4j-cuda-" + System.getProperty("user.name")));
  }

  private static boolean canWrite(Path folder) {
    try {
      Files.createDirectories(folder);
      return Files.isWritable(folder);
    } catch (IOException e) {
      return false;
    }
  }

  Path path() {
    return folder;
  }

  /** The bytes that were kept by that name, if any were. */
  Optional<byte[]> get(String name) {
    Path file = folder.resolve(name);
    try {
      return Files.exists(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  /** Does something while no other thread or process does so with this folder. */
  <T> T alone(Supplier<T> work) {
    try {
      Files.createDirectories(folder);
      synchronized (CacheFolder.class) {
        try (FileChannel file =
                FileChannel.open(
                    folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = file.lock()) {
          requireValid(lock);
          return work.get();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot lock " + folder, e);
    }
  }

  private void requireValid(FileLock lock) {
    if (!lock.isValid()) {
      throw new IllegalStateException("lock of %s was lost".formatted(folder));
    }
  }

  /** Keeps bytes by a name; others see them whole or not at all. */
  void put(String name, byte[] bytes) {
    try {
      Files.createDirectories(folder);
      Path unfinished = Files.createTempFile(folder, name, ".tmp");
      Files.write(unfinished, bytes);
      Files.move(unfinished, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write %s in %s".formatted(name, folder), e);
    }
  }
}
