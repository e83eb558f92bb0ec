package org.byol4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
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
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints that several replicas write, each the range that it owns. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class SharedCheckpointTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 7})
  void whatAnyNumberOfReplicasWriteIsReadBackToTheBit(int replicas) {
    States.write(States.at(10), replicas, storage());

    expectHolds(States.at(10), storage());
  }

  @Test
  void rangesCutTensorsAndWhatIsEqualEverywhereIsWrittenOnce() throws IOException {
    States.write(States.at(10), 3, storage());

    // owners of 40 each: the first slice ends at 108, the target, a prefix, at 112
    assertThat(storage().list("step-0000000010"))
        .containsExactly(
            "batchnorm-online.f32",
            "batchnorm-target.f32",
            "manifest.json",
            "momentum-0000000000.f32",
            "momentum-0000000040.f32",
            "momentum-0000000080.f32",
            "target-0000000000.f32",
            "target-0000000040.f32",
            "target-0000000080.f32",
            "weights-0000000000.f32",
            "weights-0000000040.f32",
            "weights-0000000080.f32");
    assertThat(storage().lengthBytes("step-0000000010/target-0000000080.f32")).isEqualTo(32 * 4);
  }

  @ParameterizedTest
  @CsvSource({"1, 3", "2, 3", "3, 1", "3, 2", "3, 3"})
  void rangesOfAnotherNumberOfReplicasAreReadToTheBit(int written, int read) {
    States.write(States.at(10), written, storage());
    Checkpoint checkpoint = new CheckpointReader(storage()).readNewest();
    for (int rank = 0; rank < read; rank++) {
      TrainingState share = States.share(States.at(10), rank, read);
      for (Section section : Section.values()) {
        OwnedRange range = share.owned().get(section);
        float[] values = new float[range.values().length()];
        checkpoint.read(
            section,
            range.first(),
            range.end(),
            (from, some) -> some.get(values, (int) (from - range.first()), some.remaining()));
        assertArrayEquals(States.array(share, section), values, section.key());
      }
    }
  }

  @Test
  void valuesOfManyChunksAreReadFromTheMiddle() {
    TrainingState state = States.ofLength(1, (1 << 17) + 3);
    States.write(state, 2, storage());
    int first = 20_000;
    float[] values = new float[100_000];
    new CheckpointReader(storage())
        .readNewest()
        .read(
            Section.WEIGHTS,
            first,
            first + values.length,
            (from, some) -> some.get(values, (int) from - first, some.remaining()));

    float[] all = States.array(state, Section.WEIGHTS);
    assertArrayEquals(Arrays.copyOfRange(all, first, first + values.length), values);
  }

  @Test
  void digestDoesNotDependOnHowManyWrote() {
    MemoryStorage alone = new MemoryStorage();
    States.write(States.at(10), 1, alone);
    States.write(States.at(10), 3, storage());

    assertThat(WeightsDigest.of(new CheckpointReader(storage()).readNewest()))
        .isEqualTo(WeightsDigest.of(new CheckpointReader(alone).readNewest()));
  }

  @Test
  void partsOfASectionOneAfterTheOtherAreTheSection() throws IOException {
    MemoryStorage alone = new MemoryStorage();
    States.write(States.at(10), 1, alone);
    States.write(States.at(10), 3, storage());
    List<Byte> joined = new ArrayList<>();
    for (String name : storage().list("step-0000000010")) {
      if (name.startsWith("weights")) {
        for (byte each : storage().read("step-0000000010/" + name).readAllBytes()) {
          joined.add(each);
        }
      }
    }

    byte[] whole = alone.read("step-0000000010/weights.f32").readAllBytes();
    assertThat(joined).hasSize(whole.length);
    for (int i = 0; i < whole.length; i++) {
      assertThat(joined.get(i)).isEqualTo(whole[i]);
    }
  }

  @Test
  void flippedByteOfAPartIsFoundByThoseWhoReadIt() throws IOException {
    States.write(States.at(10), 3, storage());
    Path part = folder.resolve("step-0000000010").resolve("momentum-0000000040.f32");
    byte[] bytes = Files.readAllBytes(part);
    bytes[100] ^= 1;
    Files.write(part, bytes);
    Checkpoint opened = new CheckpointReader(storage()).readNewest();

    assertThatThrownBy(() -> opened.values(Section.MOMENTUM))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(part + ": damaged, sha256=");
    assertThatThrownBy(() -> opened.read(Section.MOMENTUM, 79, 81, (from, values) -> {}))
        .isInstanceOf(CheckpointException.class);
    opened.read(Section.MOMENTUM, 80, 120, (from, values) -> {});
  }

  @Test
  void partThatIsCutShortIsFoundOnOpening() throws IOException {
    States.write(States.at(10), 2, storage());
    Path part = folder.resolve("step-0000000010").resolve("weights-0000000060.f32");
    try (RandomAccessFile file = new RandomAccessFile(part.toFile(), "rw")) {
      file.setLength(239);
    }

    expectDamage(part + ": damaged, lengthBytes=239, expected 240");
  }

  @Test
  void missingPartIsFoundOnOpening() throws IOException {
    States.write(States.at(10), 2, storage());
    Path part = folder.resolve("step-0000000010").resolve("target-0000000060.f32");
    Files.delete(part);

    expectDamage(part + " is missing, expected lengthBytes=208");
  }

  @Test
  void partOfAnotherAttemptIsNotTakenForOneOfThis() throws IOException {
    States.write(States.at(10), 2, storage());
    edit(
        root -> {
          ObjectNode part = (ObjectNode) root.get("sections").get("weights").get(1);
          part.put("file", "weights-0000000060-a0002.f32");
        });
    expectDamage(
        "sections: weights[1]: file=\"weights-0000000060-a0002.f32\", expected"
            + " weights-0000000060.f32");
  }

  @Test
  void contentOfAnotherAttemptsPartIsFound() throws IOException {
    States.write(States.at(10), 2, storage());
    Path other = folder.resolve("other");
    States.write(States.at(11), 2, new LocalStorage(other));
    Path part = folder.resolve("step-0000000010").resolve("weights-0000000060.f32");
    Files.copy(
        other.resolve("step-0000000011").resolve("weights-0000000060.f32"),
        part,
        StandardCopyOption.REPLACE_EXISTING);

    assertThatThrownBy(() -> new CheckpointReader(storage()).readNewest().values(Section.WEIGHTS))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(part + ": damaged");
  }

  @Test
  void gapBetweenPartsIsRefused() throws IOException {
    States.write(States.at(10), 3, storage());
    edit(root -> ((ObjectNode) root.get("sections").get("weights").get(2)).put("first", 81));

    expectDamage("sections: weights[2]: first=81, expected 80");
  }

  @Test
  void partThatIsNotListedIsMissed() throws IOException {
    States.write(States.at(10), 3, storage());
    edit(root -> root.withArray("/sections/momentum").remove(2));

    expectDamage("section=momentum has 80 values, expected 120");
  }

  @Test
  void formatOfOneFileForEachSectionIsRead() throws IOException {
    States.write(States.at(10), 1, storage());
    edit(
        root -> {
          root.put("format_version", 1);
          ObjectNode sections = (ObjectNode) root.get("sections");
          for (Section section : States.SECTIONS) {
            ObjectNode file = (ObjectNode) sections.get(section.key()).get(0);
            file.remove("first");
            sections.set(section.key(), file);
          }
        });

    expectHolds(States.at(10), storage());
    assertThat(States.write(States.at(10), 3, storage())).isEqualTo("step-0000000010");
    assertThat(storage().list("step-0000000010")).as("nothing is written anew").hasSize(6);
  }

  @Test
  void sameStateIsWrittenOnceWhateverTheNumberOfReplicas() {
    States.write(States.at(10), 3, storage());
    FaultyStorage counting = FaultyStorage.refusing(Integer.MAX_VALUE, 1, storage());

    States.write(States.at(10), 2, counting);

    assertThat(counting.creations()).isZero();
    expectHolds(States.at(10), storage());
  }

  @Test
  void otherValuesOfTheSameStepAreRefusedOnEveryReplica() {
    States.write(States.at(10), 3, storage());
    Map<Section, OwnedRange> owned = new EnumMap<>(States.at(10).owned());
    float[] momentum = States.array(States.at(10), Section.MOMENTUM);
    momentum[119] = -0.0f;
    owned.put(Section.MOMENTUM, OwnedRange.whole(Floats.of(momentum)));
    TrainingState other = new TrainingState(10, 1, States.IDENTITY, States.LAYOUT, Map.of(), owned);

    for (RuntimeException failure : failuresOf(other, 2, storage())) {
      assertThat(failure)
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("step-0000000010: a complete checkpoint with other values");
    }
    expectHolds(States.at(10), storage());
  }

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
    expectHolds(States.at(10), storage());
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
      expectHolds(States.at(30), run);
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
      expectHolds(States.at(Checkpoints.stepOf(newest)), run);
      seen.add(newest);

      States.write(States.at(30), 2, run);
      expectHolds(States.at(30), run);
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
  void replicasOfALaterAttemptHaveFilesOfTheirOwn() throws IOException {
    Attempt second = new Attempt(2, number -> {});
    Replicas.run(
        LocalCollective.group(2, Duration.ofSeconds(30)),
        collective ->
            writer(storage(), second, collective)
                .write(States.share(States.at(10), collective.rank(), 2)));

    assertThat(storage().list("step-0000000010"))
        .contains("manifest-a0002.json", "weights-0000000060-a0002.f32")
        .noneMatch(name -> name.equals("manifest.json"));
    expectHolds(States.at(10), storage());
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
                writer(storage(), revived, collective)
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

  @Test
  void rangeBeyondItsSectionIsRefused() {
    assertThatThrownBy(() -> new OwnedRange(10, 8, States.floats(new Random(1), 3).values()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("first=8 elements=3, expected a range within [0, 10]");
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

  private static CheckpointWriter writer(Storage storage, Attempt attempt, Collective collective) {
    return new CheckpointWriter(
        storage,
        new CheckpointSettings(10, 2, 0),
        new Retries(1, Duration.ZERO, p -> {}),
        attempt,
        collective);
  }

  private static void expectHolds(TrainingState state, Storage storage) {
    Checkpoint checkpoint = new CheckpointReader(storage).read(Checkpoints.nameOf(state.step()));
    assertThat(checkpoint.manifest().layout()).isEqualTo(state.layout());
    assertThat(checkpoint.manifest().counters()).isEqualTo(state.counters());
    for (Section section : Section.values()) {
      assertArrayEquals(States.array(state, section), checkpoint.values(section), section.key());
    }
  }

  private void expectDamage(String message) {
    assertThatThrownBy(() -> new CheckpointReader(storage()).readNewest())
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(message);
  }

  /** Changes the manifest and its own hash with it, as a faulty writer would. */
  private void edit(Consumer<ObjectNode> change) throws IOException {
    Path manifest = folder.resolve("step-0000000010").resolve("manifest.json");
    ObjectNode root = (ObjectNode) JSON.readTree(manifest.toFile());
    root.remove("manifest_sha256");
    change.accept(root);
    root.put("manifest_sha256", Sha256.of(JSON.writeValueAsBytes(root)));
    JSON.writeValue(manifest.toFile(), root);
  }
}
