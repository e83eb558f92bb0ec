package org.byol4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.byol4j.checkpoint.FaultyStorage.Killed;
import org.byol4j.collective.Collective;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointWriterTest {
  @TempDir Path folder;

  @Test
  void whatIsWrittenIsReadBackToTheBit() {
    TrainingState state = States.at(42);
    String name = States.writer(storage()).write(state);

    assertThat(name).isEqualTo("step-0000000042");
    expectHolds(state);
  }

  @Test
  void valuesBeyondOneChunkAreReadBackToTheBit() {
    TrainingState state = States.ofLength(1, (1 << 20) + 3);
    States.writer(storage()).write(state);

    expectHolds(state);
  }

  @Test
  void killBetweenAnyTwoOperationsLeavesTheOldOrTheNewCheckpoint() throws IOException {
    List<String> seen = new ArrayList<>();
    for (int at = 0; at <= operationsOfOneWrite(); at++) {
      MemoryStorage run = new MemoryStorage(twoCheckpoints());
      seen.add(newestAfterKill(run, at));
    }
    assertThat(seen).hasSizeGreaterThan(25).isSorted();
    assertThat(seen).contains("step-0000000020", "step-0000000030");
  }

  @Test
  void killBetweenAnyTwoOperationsOnADiskLeavesTheOldOrTheNewCheckpoint() throws IOException {
    Storage prepared = new LocalStorage(folder.resolve("prepared"));
    States.writer(prepared).write(States.at(10));
    States.writer(prepared).write(States.at(20));
    for (int at = 0; at <= operationsOfOneWrite(); at++) {
      Path copy = folder.resolve("kill-" + at);
      copy(folder.resolve("prepared"), copy);
      newestAfterKill(new LocalStorage(copy), at);
    }
  }

  /** Returns the newest checkpoint behind a kill, having found that the run can go on. */
  private static String newestAfterKill(Storage run, int at) throws IOException {
    try {
      States.writer(FaultyStorage.killedBefore(at, run)).write(States.at(30));
    } catch (Killed expected) {
      // what it leaves is looked at below
    }
    String newest = new Checkpoints(run).latest().orElseThrow();
    assertThat(newest).isIn("step-0000000020", "step-0000000030");
    States.expectHolds(States.at(Checkpoints.stepOf(newest)), run);

    States.writer(run).write(States.at(30));
    States.expectHolds(States.at(30), run);
    assertThat(run.list("")).containsExactly("step-0000000020", "step-0000000030");
    assertThat(run.list("step-0000000030")).hasSize(6);
    return newest;
  }

  @Test
  void refusalOfAnyOperationIsTriedAgain() {
    for (int at = 0; at < operationsOfOneWrite(); at++) {
      Storage run = twoCheckpoints();
      States.writer(FaultyStorage.refusing(at, 1, run)).write(States.at(30));
      States.expectHolds(States.at(30), run);
    }
  }

  @Test
  void lastingRefusalFromAnyOperationOnIsAnErrorAndKeepsTheNewestCheckpoint() throws IOException {
    for (int at = 0; at < operationsOfOneWrite(); at++) {
      Storage run = twoCheckpoints();
      CheckpointWriter writer = States.writer(FaultyStorage.refusing(at, Integer.MAX_VALUE, run));
      assertThatThrownBy(() -> writer.write(States.at(30)))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("step-0000000030 tries=3 cause=java.io.IOException: No space left");
      String newest = new Checkpoints(run).latest().orElseThrow();
      assertThat(newest).isIn("step-0000000020", "step-0000000030");
      States.expectHolds(States.at(Checkpoints.stepOf(newest)), run);
    }
  }

  @Test
  void failureNamesTheNewestCheckpointAndGivesTheSpaceBack() throws IOException {
    States.writer(storage()).write(States.at(10));
    CheckpointWriter writer =
        States.writer(FaultyStorage.refusing("write", "step-0000000020/momentum.f32", storage()));

    assertThatThrownBy(() -> writer.write(States.at(20)))
        .isInstanceOf(StorageException.class)
        .hasMessage(
            "checkpoint not written: rank=0 folder=%s tries=3 cause=java.io.IOException: No space left on"
                + " device; newest complete checkpoint, intact: %s",
            folder.resolve("step-0000000020"), folder.resolve("step-0000000010"));
    assertThat(storage().list("")).containsExactly("step-0000000010");
  }

  @Test
  void folderThatCannotBeCreatedIsAnErrorThatSaysSo() throws IOException {
    Path file = Files.writeString(folder.resolve("run"), "a file where a folder should be");
    CheckpointWriter writer = States.writer(new LocalStorage(file.resolve("checkpoints")));

    assertThatThrownBy(() -> writer.write(States.at(20)))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("checkpoint not written: rank=0 folder=" + file)
        .hasMessageContaining("there is no complete checkpoint yet");
  }

  @Test
  void pausesDoubleFromTryToTry() {
    List<Duration> pauses = new ArrayList<>();
    CheckpointWriter writer =
        new CheckpointWriter(
            FaultyStorage.refusing(0, 3, storage()),
            new CheckpointSettings(10, 2, 0),
            new Retries(4, Duration.ofSeconds(1), pauses::add),
            Attempt.FIRST,
            Collective.single());
    writer.write(States.at(10));

    assertThat(pauses)
        .containsExactly(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(4));
    expectHolds(States.at(10));
  }

  @Test
  void interruptEndsTheTries() {
    CheckpointWriter writer =
        new CheckpointWriter(
            FaultyStorage.refusing(0, 1, storage()),
            new CheckpointSettings(10, 2, 0),
            new Retries(
                4,
                Duration.ZERO,
                pause -> {
                  throw new InterruptedException();
                }),
            Attempt.FIRST,
            Collective.single());

    assertThatThrownBy(() -> writer.write(States.at(10))).isInstanceOf(StorageException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void lastTwoAndEveryThirdAreKept() throws IOException {
    Storage run = new MemoryStorage();
    CheckpointWriter writer =
        new CheckpointWriter(
            run,
            new CheckpointSettings(10, 2, 3),
            Retries.standard(),
            Attempt.FIRST,
            Collective.single());
    for (long step : new long[] {0, 10, 20, 30, 40, 45, 50, 60, 70, 73}) {
      writer.write(States.at(step));
    }

    assertThat(new Checkpoints(run).complete())
        .containsExactly(
            "step-0000000000",
            "step-0000000030",
            "step-0000000060",
            "step-0000000070",
            "step-0000000073");
  }

  @Test
  void whatTheRunBeganWithIsKeptWhereNothingElseIsForGood() throws IOException {
    Storage run = new MemoryStorage();
    CheckpointWriter writer =
        new CheckpointWriter(
            run,
            new CheckpointSettings(10, 1, 0),
            Retries.standard(),
            Attempt.FIRST,
            Collective.single());
    for (long step : new long[] {0, 10, 20}) {
      writer.write(States.at(step));
    }

    assertThat(new Checkpoints(run).complete())
        .containsExactly("step-0000000000", "step-0000000020");
  }

  @Test
  void sameStateTwiceIsWrittenOnce() throws IOException {
    States.writer(storage()).write(States.at(10));
    FaultyStorage counting = FaultyStorage.refusing(Integer.MAX_VALUE, 1, storage());
    States.writer(counting).write(States.at(10));

    assertThat(counting.creations()).isZero();
    expectHolds(States.at(10));
  }

  @Test
  void otherValuesOfTheSameStepAreRefused() {
    States.writer(storage()).write(States.at(10));
    Map<Section, OwnedRange> values = new EnumMap<>(States.at(10).owned());
    values.put(Section.MOMENTUM, States.at(11).owned().get(Section.MOMENTUM));
    TrainingState other =
        new TrainingState(10, 1, States.IDENTITY, States.LAYOUT, Map.of(), List.of(), values);

    assertThatThrownBy(() -> States.writer(storage()).write(other))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("step-0000000010: a complete checkpoint with other values");
    expectHolds(States.at(10));
  }

  @Test
  void sameValuesThatWereMadeElsewhereAreNotWrittenAgain() {
    States.writer(storage()).write(States.at(10));
    RunIdentity elsewhere =
        new RunIdentity(17, States.IDENTITY.configuration(), "d".repeat(64), Map.of());
    States.writer(storage()).write(States.at(10, elsewhere));

    expectHolds(States.at(10));
  }

  @Test
  void bytesOfTheSameStateAreTheSame() throws IOException {
    States.writer(new LocalStorage(folder.resolve("a"))).write(States.at(10));
    States.writer(new LocalStorage(folder.resolve("b"))).write(States.at(10));
    for (String file : storage().list("a/step-0000000010")) {
      assertThat(folder.resolve("a/step-0000000010").resolve(file))
          .hasSameBinaryContentAs(folder.resolve("b/step-0000000010").resolve(file));
    }
  }

  private static MemoryStorage twoCheckpoints() {
    MemoryStorage run = new MemoryStorage();
    States.writer(run).write(States.at(10));
    States.writer(run).write(States.at(20));
    return run;
  }

  private static int operationsOfOneWrite() {
    FaultyStorage counting = FaultyStorage.refusing(Integer.MAX_VALUE, 1, twoCheckpoints());
    States.writer(counting).write(States.at(30));
    return counting.operations();
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }

  private Storage storage() {
    return new LocalStorage(folder);
  }

  private void expectHolds(TrainingState state) {
    States.expectHolds(state, storage());
  }
}
