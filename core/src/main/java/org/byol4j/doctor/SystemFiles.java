package org.byol4j.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the system says of its processors in files: {@code /proc} and the control group's limits.
 * What cannot be read is not there.
 *
 * @param root what stands for {@code /}
 */
record SystemFiles(Path root) {
  private static final Pattern SPACE = Pattern.compile("\\s+");

  static SystemFiles ofThisMachine() {
    return new SystemFiles(Path.of("/"));
  }

  /** The processor's name; empty if the system does not say. */
  String processor() {
    return cpuInfo("model name");
  }

  /** The processor's extensions, such as avx2. */
  List<String> processorFlags() {
    return SPACE.splitAsStream(cpuInfo("flags")).toList();
  }

  /** How many processors' time this control group may use; 0 where there is no limit. */
  double processorLimit() {
    Optional<String> both = text("sys/fs/cgroup/cpu.max");
    if (both.isPresent()) {
      List<String> parts = SPACE.splitAsStream(both.get()).toList();
      return parts.size() == 2 && !parts.get(0).equals("max")
          ? Double.parseDouble(parts.get(0)) / Double.parseDouble(parts.get(1))
          : 0;
    }
    Optional<Long> quota = number("sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    Optional<Long> period = number("sys/fs/cgroup/cpu/cpu.cfs_period_us");
    return quota.isPresent() && period.isPresent() && quota.get() > 0
        ? (double) quota.get() / period.get()
        : 0;
  }

  private String cpuInfo(String key) {
    return text("proc/cpuinfo").stream()
        .flatMap(String::lines)
        .filter(line -> line.startsWith(key))
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .findFirst()
        .orElse("");
  }

  private Optional<Long> number(String file) {
    return text(file).filter(text -> text.matches("-?\\d{1,18}")).map(Long::parseLong);
  }

  private Optional<String> text(String file) {
    try {
      return Optional.of(Files.readString(root.resolve(file)).strip());
    } catch (IOException e) {
      return Optional.empty();
    }
  }
}
