package org.byol4j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How much memory this process has had resident at most, as Linux counts it. */
final class PeakMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String PEAK = "VmHWM:";
  private static final double KIB_PER_MB = 1000.0 * 1000.0 / 1024.0;

  private PeakMemory() {}

  /** In units of 10^6 bytes. */
  static double residentMb() {
    try {
      List<String> lines = Files.readAllLines(STATUS);
      String line = lines.stream().filter(l -> l.startsWith(PEAK)).findFirst().orElseThrow();
      String kib = line.substring(PEAK.length()).replace("kB", "").strip();
      return Long.parseLong(kib) / KIB_PER_MB;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
