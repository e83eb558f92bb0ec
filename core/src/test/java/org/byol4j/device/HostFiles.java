package org.byol4j.device;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A machine that has as much memory as a test says, all of it free. */
public final class HostFiles {
  private HostFiles() {}

  /** Writes what Linux would say of it below {@code root}. */
  public static HostMemory machine(Path root, long bytes) {
    long kibibytes = bytes / 1024;
    try {
      Files.createDirectories(root.resolve("proc"));
      Files.writeString(
          root.resolve("proc/meminfo"),
          "MemTotal: %d kB\nMemAvailable: %d kB\n".formatted(kibibytes, kibibytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new HostMemory(root);
  }
}
