package org.byol4j.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalLong;
import org.byol4j.device.HostMemory;
import org.byol4j.doctor.Finding.Level;
import org.byol4j.train.ReplicaMemory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Memory, processors, folders and clocks. */
class MachineChecksTest {
  private static final long GIBIBYTE = 1L << 30;
  private static final Duration SECONDS = Duration.ofSeconds(5);
  private static final Instant NOON = Instant.parse("2026-05-01T12:00:00Z");

  @TempDir private Path root;

  @Test
  void systemsFilesAreReadAsTheyAre() throws IOException {
    write(
        "proc/cpuinfo", "processor : 0\nmodel name : A CPU\nflags\t\t: fpu avx avx2\n\nflags : x");
    write("sys/fs/cgroup/cpu.max", "150000 100000\n");
    SystemFiles files = new SystemFiles(root);

    assertThat(files.processor()).isEqualTo("A CPU");
    assertThat(files.processorFlags()).containsExactly("fpu", "avx", "avx2");
    assertThat(files.processorLimit()).isEqualTo(1.5);
  }

  @Test
  void controlGroupsOfTheFirstVersionAreReadToo() throws IOException {
    write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
    write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    SystemFiles files = new SystemFiles(root);

    assertThat(files.processorLimit()).isEqualTo(0.5);
  }

  @Test
  void limitsThatAreNoneAreNotThere() throws IOException {
    write("sys/fs/cgroup/cpu.max", "max 100000\n");
    SystemFiles files = new SystemFiles(root);

    assertThat(files.processorLimit()).isZero();
  }

  @Test
  void systemThatSaysNothingIsTakenAsItIs() {
    SystemFiles files = new SystemFiles(root);

    assertThat(files.processor()).isEmpty();
    assertThat(MemoryCheck.findings(MemoryCheck.Facts.of(new HostMemory(root))))
        .allMatch(finding -> finding.level() == Level.FINE);
    assertThat(ProcessorCheck.findings(ProcessorCheck.Facts.of(files), 1, 1, true).get(0).state())
        .isEqualTo("unknown processor, no AVX");
  }

  @ParameterizedTest
  @CsvSource({
    "4, 16, 8, 0, FINE",
    "16, 16, 8, 0, WARNING",
    "4, 64, 32, 4, WARNING",
    "1, 16, 0, 0, WARNING"
  })
  void heapLeavesRoomForNetworks(long heap, long machine, long free, long limit, Level level) {
    MemoryCheck.Facts facts =
        new MemoryCheck.Facts(
            heap * GIBIBYTE,
            OptionalLong.of(machine * GIBIBYTE),
            OptionalLong.of(free * GIBIBYTE),
            limit == 0 ? OptionalLong.empty() : OptionalLong.of(limit * GIBIBYTE),
            0);

    assertThat(MemoryCheck.findings(facts).get(0).level()).isEqualTo(level);
  }

  @ParameterizedTest
  @CsvSource({
    // the heap is 4 GiB, and 8 are free
    "2, 1, 16, 0, 0, FINE",
    // one after the other they would fit
    "3, 4, 16, 0, 0, WARNING",
    "5, 4, 16, 0, 0, FAULT",
    "17, 1, 16, 0, 0, FAULT",
    "17, 1, 16, 0, 2, WARNING",
    "7, 1, 16, 6, 0, FAULT"
  })
  void plansOfAllReplicasHereFitIntoTheMemoryInAll(
      long plan, int replicas, long machine, long limit, long swap, Level level) {
    MemoryCheck.Facts facts =
        new MemoryCheck.Facts(
            4 * GIBIBYTE,
            OptionalLong.of(machine * GIBIBYTE),
            OptionalLong.of(8 * GIBIBYTE),
            limit == 0 ? OptionalLong.empty() : OptionalLong.of(limit * GIBIBYTE),
            swap * GIBIBYTE);
    ReplicaMemory replica = new ReplicaMemory(100, plan * GIBIBYTE, 0);

    Finding finding = MemoryCheck.findings(facts, replica, replicas).get(0);

    assertThat(finding.level()).isEqualTo(level);
    assertThat(finding.state())
        .contains("%d.0 GiB of each replica for 100 images".formatted(plan), "here=" + replicas);
  }

  @Test
  void planThatDoesNotFitIsToldWithTheImagesThatWould() {
    MemoryCheck.Facts facts =
        new MemoryCheck.Facts(
            GIBIBYTE,
            OptionalLong.of(20 * GIBIBYTE),
            OptionalLong.of(19 * GIBIBYTE),
            OptionalLong.empty(),
            0);
    ReplicaMemory replica = new ReplicaMemory(100, 50 * GIBIBYTE, GIBIBYTE);

    // two replicas have 10 GiB each, of which twice a GiB is not the images': 8 * 7/8
    assertThat(MemoryCheck.findings(facts, replica, 2).get(0).advice())
        .startsWith("at most 14 images at a time on each: a smaller train.batch-size, more")
        .contains("train.micro-batches", "cluster.replicas");
  }

  @ParameterizedTest
  @CsvSource({
    "4, 1, 4, 0, FINE",
    "4, 2, 4, 0, WARNING",
    "4, 1, 8, 2.5, WARNING",
    "1, 1, 8, 0, WARNING"
  })
  void threadsAreAsManyAsProcessors(
      int threads, int replicas, int processors, double limit, Level level) {
    ProcessorCheck.Facts facts =
        new ProcessorCheck.Facts("A CPU", List.of("avx2"), processors, limit);

    Finding share = ProcessorCheck.findings(facts, threads, replicas, true).get(1);

    assertThat(share.level()).isEqualTo(level);
    assertThat(share.state()).contains("compute.threads=" + threads, "processors=" + processors);
  }

  @Test
  void idleProcessorsAreCountedForEachReplica() {
    ProcessorCheck.Facts facts = new ProcessorCheck.Facts("A CPU", List.of("avx2"), 16, 12);

    assertThat(ProcessorCheck.findings(facts, 2, 2, true).get(1).advice())
        .isEqualTo("processors stand idle: compute.threads=6");
  }

  @Test
  void processorWithoutAvx2MattersToWhoComputesOnIt() {
    ProcessorCheck.Facts facts = new ProcessorCheck.Facts("Old", List.of("sse2", "avx"), 4, 0);

    assertThat(ProcessorCheck.findings(facts, 4, 1, true).get(0).level()).isEqualTo(Level.WARNING);
    assertThat(ProcessorCheck.findings(facts, 4, 1, false).get(0).level()).isEqualTo(Level.FINE);
  }

  @Test
  void folderThatIsNotThereYetIsJudgedByTheOneAboveAndNotMade() {
    Path wanted = root.resolve("run").resolve("images");

    FolderCheck.Facts facts = FolderCheck.Facts.of(wanted);

    assertThat(facts.folder()).isEqualTo(root);
    assertThat(facts.problem()).isEmpty();
    assertThat(facts.freeBytes()).isPositive();
    assertThat(root).isEmptyDirectory();
  }

  @Test
  void folderThatCannotBeWrittenIsAFault() throws IOException {
    Path file = Files.writeString(root.resolve("file"), "no folder");

    Finding finding =
        FolderCheck.finding("temporary files", FolderCheck.Facts.of(file), "elsewhere", 1);

    assertThat(finding.level()).isEqualTo(Level.FAULT);
    assertThat(finding.state()).startsWith("cannot write in " + file);
    assertThat(finding.advice()).isEqualTo("elsewhere");
  }

  @Test
  void littleRoomIsAWarning() {
    FolderCheck.Facts facts = new FolderCheck.Facts(root, "", GIBIBYTE / 2);

    Finding finding = FolderCheck.finding("room", facts, "elsewhere", GIBIBYTE);

    assertThat(finding.level()).isEqualTo(Level.WARNING);
    assertThat(finding.state()).startsWith("0.5 GiB in ");
    assertThat(finding.advice()).startsWith("make room, 1.0 GiB at least");
  }

  @Test
  void clockOfAnotherTimeIsNoticed() {
    assertThat(ClockCheck.finding(Instant.EPOCH).level()).isEqualTo(Level.WARNING);
    assertThat(ClockCheck.finding(NOON).level()).isEqualTo(Level.FINE);
  }

  @Test
  void clocksAreComparedAsFarAsTheTimeBetweenAllows() {
    Instant later = NOON.plusSeconds(3);

    assertThat(ClockCheck.comparison(NOON.plusSeconds(1), NOON, later, SECONDS).state())
        .isEqualTo("agrees with the driver's");
    assertThat(ClockCheck.comparison(later.plusSeconds(4), NOON, later, SECONDS).level())
        .isEqualTo(Level.FINE);
    assertThat(ClockCheck.comparison(later.plusSeconds(6), NOON, later, SECONDS).state())
        .isEqualTo("off by 6.0 s from the driver's at least");
    assertThat(ClockCheck.comparison(NOON.minusSeconds(60), NOON, later, SECONDS).level())
        .isEqualTo(Level.WARNING);
  }

  private void write(String name, String text) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }
}
