package org.byol4j.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/**
 * The memory of this machine, and what of it this process may have: Linux's own account in {@code
 * /proc} and the limits of its control groups, as containers and schedulers set them. What cannot
 * be read is not there.
 *
 * @param root what stands for {@code /}
 */
public record HostMemory(Path root) {
  private static final Pattern SPACE = Pattern.compile("\\s+");
  private static final long KIBIBYTE = 1024;

  /** Where version 1 of control groups has no limit it says a very large number. */
  private static final long NO_LIMIT = 1L << 60;

  /** Where a version of control groups is mounted, and how it calls what it says. */
  private record Hierarchy(
      String mount, String controller, String limit, String usage, String droppable) {}

  private static final List<Hierarchy> HIERARCHIES =
      List.of(
          new Hierarchy("sys/fs/cgroup", "", "memory.max", "memory.current", "inactive_file"),
          new Hierarchy(
              "sys/fs/cgroup/memory",
              "memory",
              "memory.limit_in_bytes",
              "memory.usage_in_bytes",
              "total_inactive_file"));

  /** A control group that has a limit, which may be one above this process's own. */
  private record Group(long limitBytes, long usedBytes) {
    private long freeBytes() {
      return Math.max(0, limitBytes - usedBytes);
    }
  }

  /**
   * What there is at the moment for this process.
   *
   * @param freeBytes what nobody needs, as far as limits let this process have it
   * @param totalBytes what it could have if there were nobody else, swap space included: more than
   *     this can never be held, though Linux gives it as long as nobody writes to it
   */
  public record Room(long freeBytes, long totalBytes) {}

  /** That of the machine that this process runs on. */
  public static HostMemory ofThisMachine() {
    return new HostMemory(Path.of("/"));
  }

  /** What there is at the moment; {@link Long#MAX_VALUE} for what the system does not say. */
  public Room room() {
    long total = Math.min(orAll(machineBytes()), orAll(limitBytes()));
    long swap = swapBytes();
    OptionalLong freeOfGroups = groups().stream().mapToLong(Group::freeBytes).min();
    long free = Math.min(orAll(freeBytes()), orAll(freeOfGroups));
    return new Room(
        Math.min(free, orAll(freeAddressBytes())), total == Long.MAX_VALUE ? total : total + swap);
  }

  /** Memory of the machine. */
  public OptionalLong machineBytes() {
    return memInfo("MemTotal:");
  }

  /** Memory of the machine that nobody needs at the moment. */
  public OptionalLong freeBytes() {
    return memInfo("MemAvailable:");
  }

  /** Swap space of the machine. */
  public long swapBytes() {
    return memInfo("SwapTotal:").orElse(0);
  }

  /** The most memory that this process's control groups may use; empty where there is no limit. */
  public OptionalLong limitBytes() {
    return groups().stream().mapToLong(Group::limitBytes).min();
  }

  /** What is left of the addresses that {@code ulimit -v} allows; empty where it allows all. */
  private OptionalLong freeAddressBytes() {
    OptionalLong limit = number(line(root.resolve("proc/self/limits"), "Max address space"), 1);
    OptionalLong used = number(line(root.resolve("proc/self/status"), "VmSize:"), KIBIBYTE);
    return limit.isPresent() && used.isPresent()
        ? OptionalLong.of(Math.max(0, limit.getAsLong() - used.getAsLong()))
        : OptionalLong.empty();
  }

  private List<Group> groups() {
    List<Group> found = new ArrayList<>();
    for (Hierarchy hierarchy : HIERARCHIES) {
      Path mount = root.resolve(hierarchy.mount);
      // within a container the own group may be the mount itself, whatever its name outside
      Path folder = mount.resolve(own(hierarchy.controller)).normalize();
      while (!folder.equals(mount) && folder.startsWith(mount)) {
        group(hierarchy, folder).ifPresent(found::add);
        folder = folder.getParent();
      }
      group(hierarchy, mount).ifPresent(found::add);
    }
    return found;
  }

  /** The path of this process's group below the mount; empty if it is the uppermost. */
  private String own(String controller) {
    return text(root.resolve("proc/self/cgroup"))
        .lines()
        .map(line -> line.split(":", 3))
        .filter(parts -> parts.length == 3 && List.of(parts[1].split(",", -1)).contains(controller))
        .map(parts -> parts[2].replaceFirst("^/", ""))
        .findFirst()
        .orElse("");
  }

  private static Optional<Group> group(Hierarchy hierarchy, Path folder) {
    OptionalLong limit = number(text(folder.resolve(hierarchy.limit)), 1);
    if (limit.isEmpty() || limit.getAsLong() >= NO_LIMIT) {
      return Optional.empty();
    }
    long used = number(text(folder.resolve(hierarchy.usage)), 1).orElse(0);
    long droppable =
        number(line(folder.resolve("memory.stat"), hierarchy.droppable + " "), 1).orElse(0);
    return Optional.of(new Group(limit.getAsLong(), Math.max(0, used - droppable)));
  }

  private OptionalLong memInfo(String key) {
    return number(line(root.resolve("proc/meminfo"), key), KIBIBYTE);
  }

  private static long orAll(OptionalLong bytes) {
    return bytes.orElse(Long.MAX_VALUE);
  }

  /** What stands behind {@code key} at the beginning of a line; empty if there is none. */
  private static String line(Path file, String key) {
    return text(file)
        .lines()
        .filter(line -> line.startsWith(key))
        .map(line -> line.substring(key.length()).strip())
        .findFirst()
        .orElse("");
  }

  /** The first word of a text, if it is a number, times {@code unit}. */
  private static OptionalLong number(String text, long unit) {
    return SPACE
        .splitAsStream(text)
        .limit(1)
        .filter(word -> word.matches("\\d{1,18}"))
        .mapToLong(word -> Long.parseLong(word) * unit)
        .findFirst();
  }

  private static String text(Path file) {
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      return "";
    }
  }
}
