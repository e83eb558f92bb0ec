package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.byol4j.checkpoint.CheckpointException;
import org.byol4j.checkpoint.Checkpoints;
import org.byol4j.checkpoint.Section;
import org.byol4j.data.DataException;
import org.byol4j.train.RunSettings.Resume;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class ResumeTest {
  @TempDir static Path shared;
  private static TinyRun uninterrupted;

  @TempDir Path temp;

  @BeforeAll
  static void runToTheEnd() {
    uninterrupted = TinyRun.of(TinyRun.drawImages(shared.resolve("images")), shared.resolve("run"));
    uninterrupted.run();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5})
  void stoppedAndResumedRunIsTheUninterruptedOneToTheBit(int steps) {
    TinyRun run = uninterrupted.withOut(temp.resolve("run"));
    RunSummary stopped = run.runUntil(steps);
    assertThat(stopped.finished()).isFalse();
    assertThat(stopped.steps()).isEqualTo(steps);
    RunSummary resumed = run.run();
    assertThat(resumed.finished()).isTrue();
    assertThat(resumed.steps()).isEqualTo(TinyRun.STEPS);
    assertSameRun(run, uninterrupted);
  }

  @Test
  void twoReplicasResumeToTheBit() {
    TinyRun whole = uninterrupted.withTrain(2, 5, 2).withOut(temp.resolve("whole"));
    whole.run();
    TinyRun run = whole.withOut(temp.resolve("run"));
    run.runUntil(4);
    run.run();
    assertSameRun(run, whole);
  }

  @Test
  void runThatDiedIsResumedToTheBit() throws IOException {
    TinyRun run = uninterrupted.withOut(temp.resolve("run")).withCheckpointEvery(2);
    assertThatThrownBy(
            () ->
                run.run(
                    new StopSignal(),
                    entry -> {
                      if (entry.step() == 4) {
                        throw new IllegalStateException("power cut");
                      }
                    }))
        .hasMessage("power cut");
    assertThat(run.metrics()).hasSize(5);
    assertThat(run.checkpoints())
        .containsExactly(Checkpoints.nameOf(0), Checkpoints.nameOf(2), Checkpoints.nameOf(4));
    Files.writeString(run.folder().metrics(), "{\"step\":5,\"ep", StandardOpenOption.APPEND);
    Path incomplete = run.folder().checkpoints().resolve(Checkpoints.nameOf(6));
    Files.createDirectories(incomplete);
    Files.write(incomplete.resolve(Section.WEIGHTS.fileName()), new byte[100]);

    run.run();
    assertSameRun(run, uninterrupted);
  }

  private static void assertSameRun(TinyRun run, TinyRun expected) {
    assertThat(run.metrics()).hasSize(TinyRun.STEPS).isEqualTo(expected.metrics());
    Map<Section, float[]> state = run.state(TinyRun.STEPS);
    Map<Section, float[]> expectedState = expected.state(TinyRun.STEPS);
    for (Section section : Section.values()) {
      boolean isThere = state.get(section).length > 0;
      assertThat(isThere).as(section.key()).isEqualTo(section != Section.RESIDUAL);
      assertThat(bits(state.get(section)))
          .as(section.key())
          .isEqualTo(bits(expectedState.get(section)));
    }
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
    return bits;
  }

  @Test
  void finishedRunIsLeftAsItIs() throws IOException {
    List<String> lines = Files.readAllLines(uninterrupted.folder().metrics());
    RunSummary again = uninterrupted.run();
    assertThat(again.finished()).isTrue();
    assertThat(again.steps()).isEqualTo(TinyRun.STEPS);
    assertThat(again.checkpoint())
        .isEqualTo(
            uninterrupted
                .folder()
                .checkpoints()
                .resolve(Checkpoints.nameOf(TinyRun.STEPS))
                .toString());
    assertThat(Files.readAllLines(uninterrupted.folder().metrics())).isEqualTo(lines);
  }

  @Test
  void configurationIsThatOfTheStepsThatWereMade() throws IOException {
    TinyRun run = uninterrupted.withOut(temp.resolve("run"));
    run.withText("replicas = 1\n").runUntil(3);
    assertThat(run.folder().configuration()).hasContent("replicas = 1");
    run.withText("replicas = 2\n").run();
    assertThat(run.folder().configuration()).hasContent("replicas = 2");
    TinyRun complete = run.withText("replicas = 3\n");
    complete.run();
    assertThat(run.folder().configuration()).hasContent("replicas = 2");
  }

  @Test
  void launchThatNeverStartsLeavesTheConfigurationAsItWas() {
    TinyRun run = uninterrupted.withOut(temp.resolve("run"));
    run.withText("replicas = 1\n").runUntil(3);
    ReplicaLauncher full =
        start -> {
          throw new IllegalStateException("no slots");
        };
    TinyRun other = run.withText("replicas = 9\n");
    assertThatThrownBy(() -> other.run(full, 0, new StopSignal(), RunObserver.NONE))
        .hasMessage("no slots");
    assertThat(run.folder().configuration()).hasContent("replicas = 1");
  }

  @ParameterizedTest
  @EnumSource(
      value = Section.class,
      names = {"WEIGHTS", "TARGET", "MOMENTUM", "BATCHNORM_ONLINE", "BATCHNORM_TARGET"})
  void finishedRunWithAFlippedByteIsNotComplete(Section section) throws IOException {
    TinyRun run = uninterrupted.withOut(temp.resolve("run"));
    copy(uninterrupted.out(), run.out());
    Path file =
        run.folder()
            .checkpoints()
            .resolve(Checkpoints.nameOf(TinyRun.STEPS))
            .resolve(section.fileName());
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    assertThatThrownBy(run::run)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(file + ": damaged, sha256=");
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path path : all.toList()) {
        Files.copy(path, to.resolve(from.relativize(path).toString()));
      }
    }
  }

  @Test
  void otherSeedIsRefused() {
    assertThatThrownBy(uninterrupted.withTrain(2, 6, 1)::run)
        .isInstanceOf(ResumeRefusedException.class)
        .hasMessageContaining("train.seed: 5 -> 6");
  }

  @Test
  void whatDiffersIsSaidOnceOldBeforeNewAndWithWhatToDo() {
    TinyRun run =
        uninterrupted
            .withDifferences(saved -> List.of("heads.hidden: 8 -> 9", "train.seed: 5 -> 6"))
            .withTrain(2, 6, 1);
    assertThatThrownBy(run::run)
        .isInstanceOf(ResumeRefusedException.class)
        .hasMessage(
            """
            %s cannot be continued, it differs in (old -> new):
              heads.hidden: 8 -> 9
              train.seed: 5 -> 6
            expected what it was begun with, or another --out for a new run"""
                .formatted(uninterrupted.checkpoint(TinyRun.STEPS).describe()));
  }

  @Test
  void otherImagesAreRefusedWithSourceAndNumberOfBoth() {
    Path more = TinyRun.drawImages(temp.resolve("more"));
    TinyRun.drawImage(more, 1000);
    assertRefusedUntouched(
        uninterrupted.withData(more),
        "images: source=%s images=24 sha256=".formatted(uninterrupted.data()),
        " -> source=%s images=25 sha256=".formatted(more));
  }

  @Test
  void folderWithoutTheImagesIsRefusedBeforeAnyIsDecoded() throws IOException {
    Path others = Files.createDirectories(temp.resolve("others"));
    Files.write(others.resolve("undecodable.png"), new byte[100]);
    assertRefusedUntouched(
        uninterrupted.withData(others), " -> source=%s files=1, without class0/".formatted(others));
  }

  @Test
  void badImagesAreRefusedWithoutATrace() {
    Path bad = TinyRun.drawImages(temp.resolve("bad"));
    assertThatThrownBy(
            () -> {
              Files.write(bad.resolve("class0").resolve("0.png"), new byte[100]);
              assertUntouchedBy(uninterrupted.withData(bad));
            })
        .isInstanceOf(DataException.class)
        .hasMessageContaining("too many bad images: path=" + bad);
  }

  @Test
  void settingsAreRefusedBeforeImagesAreLookedAt() {
    TinyRun run =
        uninterrupted
            .withDifferences(saved -> List.of("tiny: true -> false"))
            .withData(temp.resolve("missing"));
    assertRefusedUntouched(run, "tiny: true -> false");
  }

  @Test
  void sameImagesAtAnotherPlaceAreTheRunsImages() throws IOException {
    TinyRun run = uninterrupted.withOut(temp.resolve("run"));
    run.runUntil(3);
    Path moved = TinyRun.drawImages(temp.resolve("moved"));
    run.withData(moved).run();
    assertSameRun(run, uninterrupted);
    assertThat(run.folder().store().resolve("manifest.json")).content().contains(moved.toString());
    assertThat(run.out()).isDirectoryNotContaining("glob:**store.new");
  }

  private static void assertRefusedUntouched(TinyRun run, String... message) {
    assertThatThrownBy(() -> assertUntouchedBy(run))
        .isInstanceOf(ResumeRefusedException.class)
        .hasMessageContainingAll(message);
  }

  /** Runs, and sees to it that no byte of the run's folder is another afterwards. */
  private static void assertUntouchedBy(TinyRun run) throws IOException {
    Map<String, String> before = contents(run.out());
    try {
      run.run();
    } finally {
      assertThat(contents(run.out())).isEqualTo(before);
    }
  }

  /** What each file holds, and every folder, by path. */
  private static Map<String, String> contents(Path folder) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.toList()) {
        contents.put(
            folder.relativize(path).toString(),
            Files.isDirectory(path) ? "" : Arrays.toString(Files.readAllBytes(path)));
      }
    }
    return contents;
  }

  @Test
  void differencesOfTheConfigurationAreNamed() {
    TinyRun run =
        uninterrupted.withDifferences(saved -> List.of("tiny=false, checkpoint has " + saved));
    assertThatThrownBy(run::run)
        .isInstanceOf(ResumeRefusedException.class)
        .hasMessageContaining("tiny=false, checkpoint has tiny = true");
  }

  @Test
  void folderWithRunIsRefusedWhereNoneIsToBeContinued() {
    assertThatThrownBy(uninterrupted.withResume(Resume.NEVER)::run)
        .isInstanceOf(ResumeRefusedException.class)
        .hasMessageContaining(Checkpoints.nameOf(TinyRun.STEPS));
  }

  @Test
  void missingImagesAreNamed() {
    Path missing = temp.resolve("missing");
    assertThatThrownBy(uninterrupted.withOut(temp.resolve("run")).withData(missing)::run)
        .isInstanceOf(DataException.class)
        .hasMessageContaining(missing.toString());
  }
}
