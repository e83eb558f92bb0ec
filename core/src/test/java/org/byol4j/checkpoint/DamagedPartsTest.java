package org.byol4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints of several replicas whose parts or manifest are not what was written. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class DamagedPartsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

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

    States.expectHolds(States.at(10), storage());
    assertThat(States.write(States.at(10), 3, storage())).isEqualTo("step-0000000010");
    assertThat(storage().list("step-0000000010")).as("nothing is written anew").hasSize(6);
  }

  private Storage storage() {
    return new LocalStorage(folder);
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
