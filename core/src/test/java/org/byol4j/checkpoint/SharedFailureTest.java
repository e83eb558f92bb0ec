package org.byol4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.byol4j.checkpoint.FaultyStorage.Killed;
import org.byol4j.collective.Collective;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.Replicas.Outcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Replicas that write a checkpoint together, and fail at it. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class SharedFailureTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "write, weights-0000000080.f32, 2",
    "commit, momentum-0000000040.f32, 1",
    "create, batchnorm-online.f32, 0",
    "lengthBytes, target-0000000080.f32, 0",
    "commit, manifest.json, 0"
  })
  void refusalOfOneReplicaIsTheSameErrorOnAllAndLeavesNothing(
      String operation, String file, int rank) throws IOException {
    States.write(States.at(10), 3, storage());
    Storage refusing = FaultyStorage.refusing(operation, "step-0000000020/" + file, storage());

    List<RuntimeException> failures = failuresOf(States.at(20), 3, refusing);

    for (RuntimeException failure : failures) {
      assertThat(failure)
          .isInstanceOf(StorageException.class)
          .hasMessage(
              "checkpoint not written: rank=%d folder=%s tries=3 cause=java.io.IOException: No space"
                  + " left on device; newest complete checkpoint, intact: %s",
              rank, folder.resolve("step-0000000020"), folder.resolve("step-0000000010"));
    }
    assertThat(storage().list("")).containsExactly("step-0000000010");
    States.expectHolds(States.at(10), storage());
  }

  @Test
  void replicasThatAllFailTellOfTheFirst() {
    List<RuntimeException> failures =
        failuresOf(
            States.at(20),
            3,
            FaultyStorage.refusing("write", "step-0000000020/weights-", storage()));

    assertThat(failures)
        .allSatisfy(failure -> assertThat(failure).hasMessageContaining("not written: rank=0 "));
  }

  @Test
  void messageOfAnyLengthReachesAll() {
    Path deep = folder;
    for (int i = 0; i < 18; i++) {
      deep = deep.resolve("ordner-\u00e4\u00f6\u00fc".repeat(15));
    }
    List<RuntimeException> failures =
        failuresOf(
            States.at(20),
            2,
            FaultyStorage.refusing(
                "write", "step-0000000020/weights-0000000060", new LocalStorage(deep)));

    assertThat(failures.get(1).getMessage()).hasSizeGreaterThan(2000);
    assertThat(failures.get(0).getMessage())
        .hasSizeBetween(1000, 1024)
        .contains(" ... ")
        .startsWith("checkpoint not written: rank=1 folder=")
        .endsWith("; there is no complete checkpoint yet");
  }

  @Test
  void refusalThatGoesAwayIsTriedAgainByThoseWhomItMet() {
    for (int at = 0; at < 60; at++) {
      MemoryStorage run = new MemoryStorage();
      States.write(States.at(10), 3, run);
      States.write(States.at(30), 3, FaultyStorage.refusing(at, 2, run));
      States.expectHolds(States.at(30), run);
    }
  }

  @Test
  void killOfOneReplicaBetweenAnyTwoOperationsLeavesTheOldOrTheNewCheckpoint() throws IOException {
    List<String> seen = new ArrayList<>();
    for (int at = 0; at < 80; at++) {
      MemoryStorage run = new MemoryStorage();
      States.write(States.at(10), 3, run);
      States.write(States.at(20), 3, run);
      FaultyStorage killing = FaultyStorage.killedBefore(at, run);
      for (Outcome<String> outcome : outcomes(States.at(30), 3, killing)) {
        outcome.failure().forEach(e -> assertThat(e).isNotInstanceOf(StorageException.class));
      }
      String newest = new Checkpoints(run).latest().orElseThrow();
      assertThat(newest).isIn("step-0000000020", "step-0000000030");
      States.expectHolds(States.at(Checkpoints.stepOf(newest)), run);
      seen.add(newest);

      States.write(States.at(30), 2, run);
      States.expectHolds(States.at(30), run);
      assertThat(run.list("")).containsExactly("step-0000000020", "step-0000000030");
    }
    assertThat(seen).contains("step-0000000020", "step-0000000030");
  }

  @Test
  void replicaWhoseStorageIsAnotherIsFoundBeforeTheManifest() throws IOException {
    LocalStorage own = new LocalStorage(folder.resolve("own"));
    LocalStorage elsewhere = new LocalStorage(folder.resolve("elsewhere"));

    List<RuntimeException> failures =
        failures(
            outcomes(States.at(20), 2, collective -> collective.rank() == 0 ? own : elsewhere));

    assertThat(failures)
        .allSatisfy(
            failure ->
                assertThat(failure)
                    .isInstanceOf(StorageException.class)
                    .hasMessageContaining(
                        "own/step-0000000020/weights-0000000060.f32: another replica wrote it, but"
                            + " it is not here; expected a folder that all replicas share"));
    assertThat(new Checkpoints(own).complete()).isEmpty();
  }

  @Test
  void otherValuesOfTheSameStepAreRefusedOnEveryReplica() {
    States.write(States.at(10), 3, storage());
    Map<Section, OwnedRange> owned = new EnumMap<>(States.at(10).owned());
    float[] momentum = States.array(States.at(10), Section.MOMENTUM);
    momentum[119] = -0.0f;
    owned.put(Section.MOMENTUM, OwnedRange.whole(Floats.of(momentum)));
    TrainingState other =
        new TrainingState(10, 1, States.IDENTITY, States.LAYOUT, Map.of(), List.of(), owned);

    for (RuntimeException failure : failuresOf(other, 2, storage())) {
      assertThat(failure)
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("step-0000000010: a complete checkpoint with other values");
    }
    States.expectHolds(States.at(10), storage());
  }

  @Test
  void revivedReplicasCommitNothingAndEndAlike() throws IOException {
    int[] looks = {0};
    Attempt revived =
        new Attempt(
            1,
            number -> {
              if (++looks[0] > 1) {
                throw Attempt.superseded("run", number, 2);
              }
            });
    List<Outcome<String>> outcomes =
        Replicas.outcomes(
            LocalCollective.group(2, Duration.ofSeconds(30)),
            collective ->
                States.writer(storage(), revived, collective)
                    .write(States.share(States.at(10), collective.rank(), 2)));

    assertThat(failures(outcomes))
        .allSatisfy(
            failure ->
                assertThat(failure)
                    .isInstanceOf(CheckpointException.class)
                    .hasMessageContaining("attempt=1 was taken for dead"));
    assertThat(new Checkpoints(storage()).complete()).isEmpty();
  }

  @Test
  void ownersThatLeaveAGapAreRefused() {
    TrainingState whole = States.at(10);
    assertThatThrownBy(
            () ->
                Replicas.run(
                    LocalCollective.group(2, Duration.ofSeconds(30)),
                    collective ->
                        States.writer(storage(), collective)
                            .write(States.share(whole, collective.rank(), 3))))
        .hasRootCauseMessage(
            "section=weights: replicas own values up to 80 and from 120 on, expected neither gap"
                + " nor overlap");
  }

  private Storage storage() {
    return new LocalStorage(folder);
  }

  /** Where each replica writes to. */
  private interface Places {
    Storage of(Collective collective);
  }

  private static List<Outcome<String>> outcomes(TrainingState state, int size, Storage storage) {
    return outcomes(state, size, collective -> storage);
  }

  private static List<Outcome<String>> outcomes(TrainingState state, int size, Places places) {
    return Replicas.outcomes(
        LocalCollective.group(size, Duration.ofSeconds(30)),
        collective -> {
          try {
            return States.writer(places.of(collective), collective)
                .write(States.share(state, collective.rank(), size));
          } catch (Killed e) {
            collective.abort("killed");
            throw e;
          }
        });
  }

  private static List<RuntimeException> failuresOf(TrainingState state, int size, Storage storage) {
    return failures(outcomes(state, size, storage));
  }

  /** What each replica has ended by. */
  private static List<RuntimeException> failures(List<Outcome<String>> outcomes) {
    return IntStream.range(0, outcomes.size())
        .mapToObj(
            rank -> {
              List<Throwable> failure = outcomes.get(rank).failure();
              assertThat(failure).as("rank=%d", rank).hasSize(1);
              return (RuntimeException) failure.get(0);
            })
        .toList();
  }
}
