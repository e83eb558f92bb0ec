package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.CheckpointReader;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What befalls the writer of a run, and what it has written: {@code mvn verify -Pfaults}. */
@Tag("fault")
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class WriterFaultsTest {
  private static final int EPOCHS = 40;
  private static final int LONGER = 150;

  /** Beside the drawn images, room for two checkpoints of 2.1 MB, not for three. */
  private static final String SMALL_DISK = "6m";

  @TempDir Path folder;
  private String images;

  @BeforeEach
  void drawImages() {
    images = TinyTraining.drawImages(folder.resolve("images")).toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"cut in half", "one byte flipped"})
  void damagedCheckpointStopsTheRunAndTheOneBeforeItLeadsToTheSameBits(String damage)
      throws Exception {
    Path out = folder.resolve("run");
    String[] train = TinyTraining.words(images, out.toString(), EPOCHS);
    try (Child child = Child.byol4j(train)) {
      child.awaitThat(() -> checkpoints(out) > 3);
      child.signal("TERM");
      assertThat(child.exitCode()).as(child.output()).isEqualTo(143);
    }
    Path newest = newest(out);
    Path momentum = damage(newest, damage);

    Ran refused = Ran.byol4j(train);
    assertThat(refused.code()).isEqualTo(65);
    assertThat(refused.err()).contains(momentum.toString() + ": damaged, ");
    assertThat(newest).as("it is left as it is").isDirectory();

    Files.move(newest, folder.resolve("damaged"));
    Ran goesOn = Ran.byol4j(train);
    assertThat(goesOn.code()).as(goesOn.err()).isZero();
    assertThat(digest(out.toString())).isEqualTo(undisturbed(EPOCHS));
  }

  private static Path damage(Path checkpoint, String how) throws IOException {
    Path file;
    try (Stream<Path> files = Files.list(checkpoint)) {
      file = files.filter(f -> f.getFileName().toString().startsWith("momentum")).findFirst().get();
    }
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      if (how.startsWith("cut")) {
        channel.truncate(channel.size() / 2);
        return file;
      }
    }
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    return file;
  }

  @Test
  void diskThatIsFullEndsTheRunWithNothingLostAndWithRoomItGoesOnToTheSameBits() throws Exception {
    Path disk = Files.createDirectory(folder.resolve("disk"));
    String mount = "mount -t tmpfs -o size=%s none %s && echo mounted && exec sleep 600";
    String[] holder = {"unshare", "-rm", "sh", "-c", mount.formatted(SMALL_DISK, disk)};
    try (Child space = Child.of(Map.of(), List.of(holder))) {
      Assumptions.assumeTrue(isMounted(space), "needs user namespaces, for a small disk");
      List<String> inside =
          List.of(
              "nsenter", "-t", "" + space.pid(), "-U", "-m", "-w", "--preserve-credentials", "--");
      String out = disk.resolve("run").toString();
      String[] train = TinyTraining.words(images, out, EPOCHS);

      try (Child full = Child.byol4j(inside, List.of(), train)) {
        assertThat(full.exitCode()).as(full.output()).isEqualTo(75);
        assertThat(full.output())
            .contains("No space left on device")
            .contains("newest complete checkpoint, intact: " + out + "/checkpoints/step-0");
      }
      List<String> grow = Stream.concat(inside.stream(), Stream.of("mount", "-o")).toList();
      grow = Stream.concat(grow.stream(), Stream.of("remount,size=64m", disk.toString())).toList();
      try (Child growing = Child.of(Map.of(), grow)) {
        assertThat(growing.exitCode()).as(growing.output()).isZero();
      }
      try (Child goesOn = Child.byol4j(inside, List.of(), train);
          Child digest = Child.byol4j(inside, List.of(), after(goesOn, "weights-digest", out))) {
        assertThat(goesOn.exitCode()).as(goesOn.output()).isZero();
        assertThat(goesOn.output()).contains("resuming at step=");
        assertThat(digest.exitCode()).isZero();
        assertThat(digest.output()).isEqualTo(undisturbed(EPOCHS).strip());
      }
    }
  }

  /** The words of a command that is started when {@code child} has ended. */
  private static String[] after(Child child, String... words) throws InterruptedException {
    child.exitCode();
    return words;
  }

  private static boolean isMounted(Child space) throws InterruptedException {
    try {
      space.awaitLine("mounted"::equals);
      return true;
    } catch (AssertionError e) {
      return false;
    }
  }

  @Test
  void writerThatComesBackAfterItsLeaseCommitsNothingAndTheRunThatTookOverHasTheSameBits()
      throws Exception {
    String out = "viewfs://lake/runs/a";
    Path onDisk = Files.createDirectory(folder.resolve("lake")).resolve("a");
    // a file system that hosts might share: no lock of the operating system tells who is alive
    List<String> lake =
        List.of(
            "-Dspark.hadoop.fs.viewfs.mounttable.lake.link./runs="
                + folder.resolve("lake").toUri());
    String[] train = TinyTraining.words(images, out, LONGER, "--set", "lease.ttl=15s");
    try (Child first = Child.byol4j(List.of(), lake, train)) {
      first.awaitThat(() -> checkpoints(onDisk) > 3);
      first.signal("STOP");

      try (Child tooEarly = Child.byol4j(List.of(), lake, train)) {
        assertThat(tooEarly.exitCode()).as(tooEarly.output()).isEqualTo(65);
        assertThat(tooEarly.output())
            .contains("another process writes to this run")
            .contains("pid=" + first.pid())
            .contains("lease.ttl=15 s");
      }
      first.awaitThat(() -> silentMs(onDisk.resolve(".lease-000001")) > 15_500);
      try (Child second = Child.byol4j(List.of(), lake, train)) {
        int before = checkpoints(onDisk);
        second.awaitLine(line -> line.contains("resuming at step="));
        second.awaitThat(() -> checkpoints(onDisk) != before || hasManifestOf(onDisk, 2));
        first.signal("CONT");

        assertThat(first.exitCode()).as(first.output()).isEqualTo(65);
        assertThat(first.output())
            .contains("attempt=1 was taken for dead and attempt=2 goes on with the run");
        assertThat(second.exitCode()).as(second.output()).isZero();
        assertThat(second.output()).contains("taking the run over from attempt=1");
      }
    }
    assertThat(manifestsAfterTheFirst(onDisk)).allMatch(name -> name.endsWith("-a0002.json"));
    assertThat(digest(onDisk.toString())).isEqualTo(undisturbed(LONGER));
  }

  private static long silentMs(Path lease) throws IOException {
    return System.currentTimeMillis() - Files.getLastModifiedTime(lease).toMillis();
  }

  private String undisturbed(int epochs) {
    String out = folder.resolve("undisturbed").toString();
    Ran ran = Ran.byol4j(TinyTraining.words(images, out, epochs));
    assertThat(ran.code()).as(ran.err()).isZero();
    return digest(out);
  }

  private static String digest(String run) {
    return Ran.byol4j("weights-digest", run).out();
  }

  private static Path newest(Path run) {
    Checkpoint newest = CheckpointReader.open(run);
    return Path.of(newest.describe());
  }

  private static int checkpoints(Path run) throws IOException {
    return manifests(run).size();
  }

  private static boolean hasManifestOf(Path run, int attempt) throws IOException {
    String name = "manifest-a%04d.json".formatted(attempt);
    return manifests(run).stream().anyMatch(name::equals);
  }

  /** Those of the checkpoints that the end of a run keeps, but for the one of step 0. */
  private static List<String> manifestsAfterTheFirst(Path run) throws IOException {
    List<String> all = manifests(run);
    return all.subList(1, all.size());
  }

  /** The names of all manifests, in the order of steps. */
  private static List<String> manifests(Path run) throws IOException {
    Path checkpoints = run.resolve("checkpoints");
    if (!Files.isDirectory(checkpoints)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(checkpoints)) {
      return files
          .filter(file -> file.getFileName().toString().matches("manifest.*[.]json"))
          .sorted()
          .map(file -> file.getFileName().toString())
          .toList();
    } catch (java.io.UncheckedIOException e) {
      // a checkpoint was deleted meanwhile
      return List.of();
    }
  }
}
