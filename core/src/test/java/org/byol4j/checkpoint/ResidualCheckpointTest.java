package org.byol4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.byol4j.checkpoint.Manifest.Part;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints of replicas that have a residual each. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ResidualCheckpointTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void residualsAreReadBackToTheBitByRank(int replicas) {
    TrainingState state = States.sharing(10, replicas);
    States.write(state, replicas, storage());

    Checkpoint checkpoint = new CheckpointReader(storage()).readNewest();
    float[] all = States.array(state, Section.RESIDUAL);
    assertThat(checkpoint.manifest().elements(Section.RESIDUAL)).isEqualTo(all.length);
    for (int rank = 0; rank < replicas; rank++) {
      int first = rank * States.RESIDUAL;
      float[] values = new float[States.RESIDUAL];
      checkpoint.read(
          Section.RESIDUAL,
          first,
          first + States.RESIDUAL,
          (from, some) -> some.get(values, (int) from - first, some.remaining()));
      assertArrayEquals(Arrays.copyOfRange(all, first, first + values.length), values);
    }
    assertArrayEquals(
        States.array(state, Section.MOMENTUM), checkpoint.values(Section.MOMENTUM), "momentum");
  }

  @Test
  void eachReplicaWritesItsOwnFile() throws IOException {
    States.write(States.sharing(10, 2), 2, storage());

    assertThat(storage().list("step-0000000010"))
        .contains("residual-0000000000.f32", "residual-0000000116.f32");
    assertThat(manifest("step-0000000010").get("format_version").asInt()).isEqualTo(3);
  }

  @Test
  void checkpointWithoutResidualKeepsTheFormatThatOlderProgramsRead() throws IOException {
    States.write(States.at(10), 2, storage());

    JsonNode manifest = manifest("step-0000000010");
    assertThat(manifest.get("format_version").asInt()).isEqualTo(2);
    assertThat(manifest.get("sections").has("residual")).isFalse();
    assertThat(new CheckpointReader(storage()).readNewest().values(Section.RESIDUAL)).isEmpty();
  }

  @Test
  void pieceOfAResidualIsRefused() {
    Map<Section, OwnedRange> values = new EnumMap<>(States.at(10).owned());
    values.put(Section.RESIDUAL, States.floats(new Random(1), 2 * States.RESIDUAL - 1));

    assertThatThrownBy(
            () ->
                new TrainingState(
                    10, 1, States.IDENTITY, States.LAYOUT, Map.of(), List.of(), values))
        .hasMessage("section=residual has 231 values, expected a multiple of 116");
  }

  @Test
  void flippedBitOfAResidualIsFound() throws IOException {
    States.write(States.sharing(10, 2), 2, storage());
    Path part = folder.resolve("step-0000000010").resolve("residual-0000000116.f32");
    byte[] bytes = Files.readAllBytes(part);
    bytes[100] ^= 1;
    Files.write(part, bytes);

    assertThatThrownBy(() -> new CheckpointReader(storage()).readNewest().values(Section.RESIDUAL))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(part + ": damaged, sha256=");
  }

  @Test
  void digestNamesTheResidual() {
    States.write(States.sharing(10, 2), 2, storage());
    Checkpoint checkpoint = new CheckpointReader(storage()).readNewest();

    assertThat(WeightsDigest.of(checkpoint))
        .hasSize(5)
        .last()
        .isEqualTo(checkpoint.sha256(Section.RESIDUAL) + "  residual");
  }

  @Test
  void replicasMayHaveMoreElementsTogetherThanAnIntegerCounts() {
    long first = 5L << 30;
    Map<Section, Part> files = new EnumMap<>(Section.class);
    files.put(Section.RESIDUAL, new Part(first, States.RESIDUAL, "ab".repeat(32)));

    OwnedParts told = OwnedParts.parse(new OwnedParts(files).toBytes());

    assertThat(told.files()).isEqualTo(files);
    assertThat(told.files().get(Section.RESIDUAL).end()).isEqualTo(first + States.RESIDUAL);
    OwnedRange range =
        new OwnedRange(6L << 30, first, States.floats(new Random(1), States.RESIDUAL).values());
    assertThat(range.end()).isEqualTo(first + States.RESIDUAL);
    assertThat(Section.RESIDUAL.partName(first, 1)).isEqualTo("residual-5368709120.f32");
  }

  private JsonNode manifest(String name) throws IOException {
    return JSON.readTree(folder.resolve(name).resolve("manifest.json").toFile());
  }

  private Storage storage() {
    return new LocalStorage(folder);
  }
}
