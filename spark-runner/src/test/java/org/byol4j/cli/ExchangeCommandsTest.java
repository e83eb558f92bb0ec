package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.byol4j.checkpoint.LocalStorage;
import org.byol4j.checkpoint.Upload;
import org.byol4j.exchange.Backbone;
import org.byol4j.exchange.NamedTensor;
import org.byol4j.exchange.SafetensorsFile;
import org.byol4j.exchange.SafetensorsWriter;
import org.byol4j.spark.storage.Places;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code export} and {@code import}, of a narrow ResNet-18 for small images. */
class ExchangeCommandsTest {
  @TempDir Path folder;
  private Path run;
  private Path conf;
  private Path model;

  @BeforeEach
  void beginARun() throws IOException {
    run = folder.resolve("run");
    model = folder.resolve("model.safetensors");
    conf = folder.resolve("small.conf");
    Files.writeString(
        conf,
        """
        include file("%s")
        network.width = 0.125
        compute.threads = 1
        """
            .formatted(Path.of("..", "conf", "cifar10-small.conf").toAbsolutePath().normalize()));
    Path drawn = folder.resolve("drawn.safetensors");
    ExchangeFiles.drawBackbone(conf, drawn);
    Ran begun =
        Ran.byol4j(
            "import",
            "--format",
            "safetensors",
            "--file",
            drawn.toString(),
            "--conf",
            conf.toString(),
            "--out",
            run.toString());
    assertThat(begun.err()).isEmpty();
    assertThat(begun.code()).isZero();
  }

  @Test
  void exportedBackboneIsTheCheckpointsAndBeginsAnotherRun() {
    Path again = folder.resolve("again");
    Ran exported = export("--json");

    assertThat(exported.code()).isZero();
    assertThat(exported.out()).contains("\"step\":0}");
    Ran imported =
        Ran.byol4j(
            "import",
            "--format",
            "safetensors",
            "--file",
            model.toString(),
            "--out",
            again.toString());

    assertThat(imported.err()).isEmpty();
    assertThat(imported.code()).isZero();
    // no --conf: the configuration is in the file, and with it the seed of the heads
    assertThat(Ran.byol4j("weights-digest", again.toString()))
        .isEqualTo(Ran.byol4j("weights-digest", run.toString()));
    try (SafetensorsFile file = SafetensorsFile.open(model)) {
      for (NamedTensor expected : Backbone.of(Places.checkpoint(run.toString()))) {
        FloatBuffer values = FloatBuffer.allocate(expected.values().remaining());
        file.read(expected.name(), expected.shape(), values);
        assertThat(values).as(expected.name()).isEqualTo(expected.values());
      }
    }
  }

  @Test
  void cardSaysWhatTheModelIs() throws IOException {
    export();

    assertThat(Files.readString(folder.resolve("model.safetensors.md")))
        .startsWith("# model.safetensors\n")
        .contains("| network | resnet18, width 0.125, stem `cifar` |")
        .contains("| output | 64 features per image")
        .contains("| kNN monitor | not known |")
        .contains("network.width = 0.125\n");
  }

  @Test
  void graphHasACardToo() throws IOException {
    Path graph = folder.resolve("model.onnx");

    Ran ran =
        Ran.byol4j(
            "export",
            "--checkpoint",
            run.toString(),
            "--format",
            "onnx",
            "--out",
            graph.toString());

    assertThat(ran.err()).isEmpty();
    assertThat(ran.code()).isZero();
    assertThat(Files.readString(graph, StandardCharsets.ISO_8859_1))
        .contains("BatchNormalization", "layer4.1.conv2.weight", "network.width = 0.125");
    assertThat(folder.resolve("model.onnx.md")).content().startsWith("# model.onnx");
  }

  @Test
  void graphOfDeeplearning4jBeginsAnotherRun() {
    String graph = folder.resolve("model.zip").toString();
    String again = folder.resolve("again").toString();

    Ran exported =
        Ran.byol4j("export", "--checkpoint", run.toString(), "--format", "dl4j", "--out", graph);
    Ran imported = Ran.byol4j("import", "--format", "dl4j", "--file", graph, "--out", again);

    assertThat(exported.err() + imported.err()).isEmpty();
    assertThat(imported.code()).isZero();
    assertThat(Ran.byol4j("weights-digest", again))
        .isEqualTo(Ran.byol4j("weights-digest", run.toString()));
  }

  @Test
  void damagedFileIsDataThatIsNamed() throws IOException {
    Files.write(model, new byte[3]);
    Ran ran = importToOther();
    assertThat(ran.code()).isEqualTo(65);
    assertThat(ran.err()).startsWith("byol4j: " + model + ": lengthBytes=3");
  }

  @Test
  void folderInTheExportsPlaceIsTheUsers() throws IOException {
    Files.createDirectory(model);

    assertThat(export())
        .isEqualTo(
            new Ran(64, "", "byol4j: --out=%s is a folder, expected a file\n".formatted(model)));
  }

  @Test
  void fileWithoutAConfigurationNeedsOne() throws IOException {
    try (Upload upload = new LocalStorage(folder).create(model.getFileName().toString())) {
      SafetensorsWriter.write(List.of(), Map.of(), upload);
      upload.commit();
    }
    Ran ran = importToOther();
    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err()).contains("--conf is missing");
  }

  private Ran importToOther() {
    return Ran.byol4j(
        "import",
        "--format",
        "safetensors",
        "--file",
        model.toString(),
        "--out",
        folder.resolve("other").toString());
  }

  private Ran export(String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "export",
                "--checkpoint",
                run.toString(),
                "--format",
                "safetensors",
                "--out",
                model.toString()));
    arguments.addAll(List.of(more));
    return Ran.byol4j(arguments.toArray(String[]::new));
  }
}
