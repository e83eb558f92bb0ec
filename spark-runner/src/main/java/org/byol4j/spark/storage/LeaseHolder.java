package org.byol4j.spark.storage;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Who holds a lease, as its file says.
 *
 * @param token tells this holder from all others
 * @param machine the boot of the machine and the namespace of its process ids, within which a
 *     process id means one process
 * @param pid the process
 * @param startedMs when the process started, in milliseconds since 1970
 * @param host the machine's name, for messages
 */
record LeaseHolder(String token, String machine, long pid, long startedMs, String host) {

  /** This process, as a new holder. */
  static LeaseHolder ofThisProcess() {
    ProcessHandle process = ProcessHandle.current();
    return new LeaseHolder(
        UUID.randomUUID().toString(), thisMachine(), process.pid(), startOf(process), hostName());
  }

  /** Reads what {@link #toString} wrote; empty if it is not whole. */
  static Optional<LeaseHolder> parse(String text) {
    List<String> lines = text.lines().toList();
    if (lines.size() != 5) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new LeaseHolder(
              lines.get(0),
              lines.get(1),
              Long.parseLong(lines.get(2)),
              Long.parseLong(lines.get(3)),
              lines.get(4)));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** Whether it ran on this machine and its process is gone. */
  boolean isGone() {
    return machine.equals(thisMachine())
        && ProcessHandle.of(pid).filter(process -> startOf(process) == startedMs).isEmpty();
  }

  @Override
  public String toString() {
    return String.join(
        "\n", token, machine, Long.toString(pid), Long.toString(startedMs), host, "");
  }

  private static long startOf(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  private static String thisMachine() {
    try {
      String boot = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
      return boot + " " + Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
    } catch (IOException e) {
      // equal to no other: only silence tells that such a holder is dead
      return UUID.randomUUID().toString();
    }
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (IOException e) {
      return "unknown";
    }
  }
}
