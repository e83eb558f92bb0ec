package org.byol4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointReaderTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path run;
  private Path checkpoint;

  @BeforeEach
  void writeOne() {
    RunFolder layout = new RunFolder(run);
    String name = States.writer(new LocalStorage(layout.checkpoints())).write(States.at(10));
    checkpoint = layout.checkpoints().resolve(name);
  }

  @Test
  void runAndItsNewestCheckpointAreTheSame() {
    States.writer(new LocalStorage(run.resolve("checkpoints"))).write(States.at(20));

    assertThat(CheckpointReader.open(run).manifest().step()).isEqualTo(20);
    assertThat(CheckpointReader.open(checkpoint).manifest().step()).isEqualTo(10);
  }

  @Test
  void checkpointMayBeCopiedUnderAnyName() throws IOException {
    Path copy = Files.createDirectory(run.resolve("best"));
    for (String file : new LocalStorage(checkpoint).list("")) {
      Files.copy(checkpoint.resolve(file), copy.resolve(file));
    }

    assertThat(CheckpointReader.open(copy).values(Section.TARGET)).hasSize(112);
  }

  @Test
  void checkpointUnderAnotherStepsNameIsRefused() throws IOException {
    Path other = Files.move(checkpoint, checkpoint.resolveSibling("step-0000000011"));

    expectDamage(other, "manifest.json: step=10, expected 11 as in the folder's name");
  }

  @Test
  void missingFolderIsRefused() {
    expectDamage(run.resolve("nothing"), "nothing: no such folder, expected a run or a checkpoint");
  }

  @Test
  void folderThatIsNeitherRunNorCheckpointIsRefused() throws IOException {
    Path other = Files.createDirectory(run.resolve("photos"));

    expectDamage(other, "neither a run (no checkpoints/) nor a checkpoint (no manifest.json)");
  }

  @Test
  void runWithoutCompleteCheckpointIsRefused() throws IOException {
    Files.delete(checkpoint.resolve("manifest.json"));

    expectDamage(run, "checkpoints: no complete checkpoint");
    expectDamage(checkpoint, "manifest.json is missing: the checkpoint is incomplete");
  }

  @Test
  void flippedBitOfASectionIsFound() throws IOException {
    for (Section section : States.SECTIONS) {
      Path file = checkpoint.resolve(section.fileName());
      byte[] bytes = Files.readAllBytes(file);
      bytes[bytes.length / 2] ^= 4;
      Files.write(file, bytes);

      assertThatThrownBy(() -> CheckpointReader.open(run).values(section))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining(file + ": damaged, sha256=")
          .hasMessageContaining(", expected ");
    }
  }

  @Test
  void sectionThatIsCutShortIsFoundOnOpening() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(file(Section.WEIGHTS), "rw")) {
      file.setLength(479);
    }

    expectDamage(run, "weights.f32: damaged, lengthBytes=479, expected 480");
  }

  @Test
  void sectionThatIsCutShortBehindOurBackIsFoundWhileReading() throws IOException {
    Checkpoint opened = CheckpointReader.open(run);
    try (RandomAccessFile file = new RandomAccessFile(file(Section.WEIGHTS), "rw")) {
      file.setLength(100);
    }

    assertThatThrownBy(() -> opened.values(Section.WEIGHTS))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("weights.f32: cut short");
  }

  @Test
  void missingSectionIsFoundOnOpening() throws IOException {
    Files.delete(checkpoint.resolve("momentum.f32"));

    expectDamage(run, "momentum.f32 is missing, expected lengthBytes=480");
  }

  @Test
  void emptyManifestIsRefused() throws IOException {
    Files.writeString(checkpoint.resolve("manifest.json"), "");

    expectDamage(run, "manifest.json: not an object");
  }

  @Test
  void manifestThatIsNotJsonIsRefused() throws IOException {
    Files.writeString(checkpoint.resolve("manifest.json"), "{\"format\": \"byol4j-che");

    expectDamage(run, "manifest.json: not JSON, expected a manifest");
  }

  @Test
  void manifestOfAnotherFormatIsRefused() throws IOException {
    Files.writeString(checkpoint.resolve("manifest.json"), "{\"format\": \"other\"}");

    expectDamage(run, "manifest.json: format=\"other\", expected byol4j-checkpoint");
  }

  @Test
  void manifestWithATailIsRefused() throws IOException {
    Path manifest = checkpoint.resolve("manifest.json");
    Files.writeString(manifest, Files.readString(manifest) + "}");

    expectDamage(run, "manifest.json: not JSON, expected a manifest");
  }

  @Test
  void manifestOfUnboundedLengthIsRefusedBeforeItIsRead() throws IOException {
    try (RandomAccessFile file =
        new RandomAccessFile(checkpoint.resolve("manifest.json").toFile(), "rw")) {
      file.setLength(1L << 40);
    }

    expectDamage(run, "manifest.json: lengthBytes=1099511627776, expected at most 67108864");
  }

  @Test
  void newerFormatIsRefusedByItsVersion() throws IOException {
    edit(root -> root.put("format_version", 4));

    expectDamage(run, "format_version=4 is newer than this program knows, expected at most 3");
  }

  @Test
  void changedValueInTheManifestIsFound() throws IOException {
    Path manifest = checkpoint.resolve("manifest.json");
    String text = Files.readString(manifest);
    assertThat(text).contains("\"seed\" : 17");
    Files.writeString(manifest, text.replace("\"seed\" : 17", "\"seed\" : 18"));

    expectDamage(run, "manifest.json: damaged, its own sha256=");
  }

  @Test
  void hugeNumberOfElementsIsRefusedBeforeMemoryIsTaken() throws IOException {
    edit(root -> section(root, "weights").put("elements", 1L << 60));

    expectDamage(run, "elements=1152921504606846976, expected an integer from 1 to 2147483647");
  }

  @Test
  void numberOfElementsThatIsNotTheTablesIsRefusedBeforeMemoryIsTaken() throws IOException {
    edit(
        root ->
            section(root, "weights")
                .put("elements", Integer.MAX_VALUE)
                .put("bytes", 4L * Integer.MAX_VALUE));

    expectDamage(run, "manifest.json: section=weights has 2147483647 values, expected 120");
  }

  @Test
  void targetThatEndsWithinASliceIsRefused() throws IOException {
    edit(root -> section(root, "target").put("elements", 111).put("bytes", 444));

    expectDamage(
        run,
        "manifest.json: section=target has 111 values, expected a length at which a slice ends");
  }

  @Test
  void hugeShapeIsRefused() throws IOException {
    edit(
        root ->
            ((ArrayNode) root.get("parameters").get(0).get("shape"))
                .removeAll()
                .add(65536)
                .add(65536));

    expectDamage(run, "manifest.json: tables: integer overflow");
  }

  @Test
  void gapInTheTableIsRefused() throws IOException {
    edit(root -> ((ObjectNode) root.get("parameters").get(1)).put("offset", 109));

    expectDamage(run, "tables: slice=backbone.bn1.weight starts at 109, expected 108");
  }

  @Test
  void gapInTheNormalizationsIsRefused() throws IOException {
    edit(root -> ((ObjectNode) root.get("normalizations").get(1)).put("channels", 3));

    expectDamage(run, "manifest.json: section=batchnorm-online has 12 values, expected 14");
  }

  @Test
  void fileElsewhereIsRefused() throws IOException {
    edit(root -> section(root, "weights").put("file", "../../secret"));

    expectDamage(run, "sections: weights[0]: file=\"../../secret\", expected weights.f32");
  }

  @Test
  void unknownKindOfSliceIsRefused() throws IOException {
    edit(root -> ((ObjectNode) root.get("parameters").get(0)).put("kind", "GATE"));

    expectDamage(run, "parameters[0]: kind=\"GATE\", expected one of [WEIGHT, BIAS,");
  }

  @Test
  void configurationThatIsNotTheHashedOneIsRefused() throws IOException {
    edit(root -> root.put("configuration", "train.epochs = 4"));

    expectDamage(run, "configuration_sha256=");
  }

  @Test
  void missingFieldIsNamed() throws IOException {
    edit(root -> root.remove("data_sha256"));

    expectDamage(run, "manifest.json: data_sha256 is missing");
  }

  @Test
  void missingSectionEntryIsNamed() throws IOException {
    edit(root -> ((ObjectNode) root.get("sections")).remove("momentum"));

    expectDamage(run, "sections: momentum is missing");
  }

  @Test
  void wrongTypeOfAFieldIsNamed() throws IOException {
    edit(root -> root.put("step", "ten"));

    expectDamage(run, "step=\"ten\", expected an integer from 0 to 9223372036854775807");
  }

  private static ObjectNode section(ObjectNode root, String key) {
    return (ObjectNode) root.get("sections").get(key).get(0);
  }

  private File file(Section section) {
    return checkpoint.resolve(section.fileName()).toFile();
  }

  /** Changes the manifest and its own hash with it, as a faulty writer would. */
  private void edit(Consumer<ObjectNode> change) throws IOException {
    Path manifest = checkpoint.resolve("manifest.json");
    ObjectNode root = (ObjectNode) JSON.readTree(manifest.toFile());
    root.remove("manifest_sha256");
    change.accept(root);
    root.put("manifest_sha256", Sha256.of(JSON.writeValueAsBytes(root)));
    JSON.writeValue(manifest.toFile(), root);
  }

  private static void expectDamage(Path opened, String message) {
    assertThatThrownBy(() -> CheckpointReader.open(opened))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(message);
  }
}
