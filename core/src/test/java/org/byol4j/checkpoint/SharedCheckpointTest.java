package org.byol4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints that several replicas write, each the range that it owns. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class SharedCheckpointTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 7})
  void whatAnyNumberOfReplicasWriteIsReadBackToTheBit(int replicas) {
    States.write(States.at(10), replicas, storage());

    States.expectHolds(States.at(10), storage());
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
  void sameStateIsWrittenOnceWhateverTheNumberOfReplicas() {
    States.write(States.at(10), 3, storage());
    FaultyStorage counting = FaultyStorage.refusing(Integer.MAX_VALUE, 1, storage());

    States.write(States.at(10), 2, counting);

    assertThat(counting.creations()).isZero();
    States.expectHolds(States.at(10), storage());
  }

  @Test
  void replicasOfALaterAttemptHaveFilesOfTheirOwn() throws IOException {
    Attempt second = new Attempt(2, number -> {});
    Replicas.run(
        LocalCollective.group(2, Duration.ofSeconds(30)),
        collective ->
            States.writer(storage(), second, collective)
                .write(States.share(States.at(10), collective.rank(), 2)));

    assertThat(storage().list("step-0000000010"))
        .contains("manifest-a0002.json", "weights-0000000060-a0002.f32")
        .noneMatch(name -> name.equals("manifest.json"));
    States.expectHolds(States.at(10), storage());
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
}
