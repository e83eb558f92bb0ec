package org.byol4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints of replicas whose devices have chosen algorithms by measuring. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class AlgorithmsCheckpointTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Algorithms SOME =
      new Algorithms("gpu=H200", Map.of("forward-3x3", "engine7", "data-3x3", "engine2"));
  private static final Algorithms OTHER =
      new Algorithms("gpu=H200", Map.of("forward-3x3", "engine4"));

  @TempDir private Path folder;

  @Test
  void algorithmsAreReadBackByRank() throws IOException {
    States.write(States.computedBy(List.of(SOME, OTHER, SOME)), 3, storage());

    assertThat(new CheckpointReader(storage()).readNewest().manifest().algorithms())
        .containsExactly(SOME, OTHER, SOME);
    JsonNode manifest = manifest();
    assertThat(manifest.get("format_version").asInt()).isEqualTo(2);
    assertThat(manifest.get("algorithms")).hasSize(2);
    assertThat(manifest.get("algorithms").get(0).toString())
        .isEqualTo(
            "{\"ranks\":[0,2],\"machine\":\"gpu=H200\","
                + "\"names\":{\"data-3x3\":\"engine2\",\"forward-3x3\":\"engine7\"}}");
  }

  @Test
  void manifestSaysNothingWhereDevicesMeasureNothing() throws IOException {
    States.write(States.at(10), 2, storage());

    assertThat(manifest().has("algorithms")).isFalse();
    assertThat(new CheckpointReader(storage()).readNewest().manifest().algorithms()).isEmpty();
  }

  @Test
  void rankThatIsThereTwiceOrMissingIsNamed() throws IOException {
    assertThatThrownBy(() -> readWithRanks(0, 0))
        .isInstanceOf(CheckpointException.class)
        .hasMessage("m: algorithms of rank=0 twice");
    assertThatThrownBy(() -> readWithRanks(0, 2))
        .isInstanceOf(CheckpointException.class)
        .hasMessage("m: algorithms of rank=1 missing");
  }

  private static List<Algorithms> readWithRanks(int... ranks) {
    ObjectNode manifest = JSON.createObjectNode();
    AlgorithmsJson.write(List.of(SOME), manifest);
    ArrayNode written = ((ObjectNode) manifest.get("algorithms").get(0)).putArray("ranks");
    for (int rank : ranks) {
      written.add(rank);
    }
    return AlgorithmsJson.read(new JsonFields(manifest, "m"), "m");
  }

  private JsonNode manifest() throws IOException {
    return JSON.readTree(folder.resolve("step-0000000010").resolve(Manifest.FILE_NAME).toFile());
  }

  private LocalStorage storage() {
    return new LocalStorage(folder);
  }
}
