package org.byol4j.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Linux says of memory, written into files as it writes them. */
class HostMemoryTest {
  private static final long KIBIBYTE = 1024;

  @TempDir private Path root;

  @Test
  void machineWithoutLimitsHasItsMemoryAndItsSwapSpace() throws IOException {
    machine(16_000, 8000, 500);

    HostMemory memory = new HostMemory(root);

    assertThat(memory.machineBytes()).hasValue(16_000 * KIBIBYTE);
    assertThat(memory.freeBytes()).hasValue(8000 * KIBIBYTE);
    assertThat(memory.limitBytes()).isEmpty();
    assertThat(memory.room()).isEqualTo(new HostMemory.Room(8000 * KIBIBYTE, 16_500 * KIBIBYTE));
  }

  @Test
  void containerHasItsLimitLessWhatItCannotDrop() throws IOException {
    machine(16_000, 8000, 0);
    write("sys/fs/cgroup/memory.max", "1048576\n");
    write("sys/fs/cgroup/memory.current", "400000\n");
    write("sys/fs/cgroup/memory.stat", "anon 100000\ninactive_file 300000\n");

    assertThat(new HostMemory(root).limitBytes()).hasValue(1 << 20);
    assertThat(new HostMemory(root).room())
        .isEqualTo(new HostMemory.Room(1_048_576 - 100_000, 1 << 20));
  }

  @Test
  void tightestOfTheGroupsAboveCounts() throws IOException {
    machine(16_000, 8000, 0);
    write("proc/self/cgroup", "0::/system.slice/job_7/task_0\n");
    write("sys/fs/cgroup/system.slice/job_7/memory.max", "2097152\n");
    write("sys/fs/cgroup/system.slice/job_7/memory.current", "2000000\n");
    write("sys/fs/cgroup/system.slice/job_7/task_0/memory.max", "max\n");
    write("sys/fs/cgroup/system.slice/memory.max", "4194304\n");

    assertThat(new HostMemory(root).room()).isEqualTo(new HostMemory.Room(97_152, 2 << 20));
  }

  @Test
  void groupsOfTheFirstVersionAreReadToo() throws IOException {
    machine(16_000, 8000, 0);
    write("proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/docker/abc\n0::/\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "2097152\n");
    write("sys/fs/cgroup/memory/memory.usage_in_bytes", "1000000\n");
    write("sys/fs/cgroup/memory/memory.stat", "inactive_file 1\ntotal_inactive_file 200000\n");

    assertThat(new HostMemory(root).room())
        .isEqualTo(new HostMemory.Room(2_097_152 - 800_000, 2 << 20));
  }

  @Test
  void limitsThatAreNoneAreNotThere() throws IOException {
    write("sys/fs/cgroup/memory.max", "max\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");

    assertThat(new HostMemory(root).limitBytes()).isEmpty();
  }

  @Test
  void addressesThatAreLeftBoundWhatIsFree() throws IOException {
    machine(16_000, 8000, 0);
    write("proc/self/status", "Name:\tjava\nVmSize:\t    3000 kB\n");
    write(
        "proc/self/limits",
        """
        Max data size             unlimited            unlimited            bytes
        Max address space         4096000              unlimited            bytes
        """);

    assertThat(new HostMemory(root).room().freeBytes()).isEqualTo(1000 * KIBIBYTE);
  }

  @Test
  void systemThatSaysNothingBoundsNothing() {
    assertThat(new HostMemory(root).room())
        .isEqualTo(new HostMemory.Room(Long.MAX_VALUE, Long.MAX_VALUE));
  }

  private void machine(int totalKibibytes, int freeKibibytes, int swapKibibytes)
      throws IOException {
    write(
        "proc/meminfo",
        "MemTotal:       %d kB\nMemFree: 1 kB\nMemAvailable:    %d kB\nSwapTotal: %d kB\n"
            .formatted(totalKibibytes, freeKibibytes, swapKibibytes));
  }

  private void write(String name, String text) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
