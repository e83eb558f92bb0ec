package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.byol4j.checkpoint.CheckpointReader;
import org.byol4j.checkpoint.Checkpoints;
import org.byol4j.checkpoint.LocalStorage;
import org.byol4j.checkpoint.Section;
import org.byol4j.checkpoint.Upload;
import org.byol4j.exchange.Backbone;
import org.byol4j.exchange.ExchangeException;
import org.byol4j.exchange.SafetensorsFile;
import org.byol4j.exchange.SafetensorsWriter;
import org.byol4j.nn.Architecture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class ImportedRunTest {
  @TempDir Path temp;
  private Path file;
  private TinyRun first;

  @BeforeEach
  void trainAndExport() throws IOException {
    file = temp.resolve("backbone.safetensors");
    first = TinyRun.of(TinyRun.drawImages(temp.resolve("images")), temp.resolve("first"));
    first.run();
    try (Upload upload = new LocalStorage(temp).create(file.getFileName().toString())) {
      SafetensorsWriter.write(
          Backbone.of(
              new CheckpointReader(new LocalStorage(first.folder().checkpoints())).readNewest()),
          Map.of(),
          upload);
      upload.commit();
    }
  }

  @Test
  void runStartsFromTheBackboneOfTheFileAndHeadsOfItsSeed() {
    TinyRun second = first.withTrain(2, 6, 2).withOut(temp.resolve("second"));
    TinyRun drawn = second.withOut(temp.resolve("drawn"));
    drawn.run();

    begin(second);
    second.run();

    Architecture architecture = new Architecture(second.settings().network());
    int backbone = architecture.backboneParameters();
    int target = architecture.targetTable().length();
    Map<Section, float[]> start = second.state(0);
    float[] weights = start.get(Section.WEIGHTS);
    assertThat(Arrays.copyOf(weights, backbone))
        .isEqualTo(Arrays.copyOf(first.state(TinyRun.STEPS).get(Section.WEIGHTS), backbone));
    assertThat(Arrays.copyOfRange(weights, backbone, weights.length))
        .isEqualTo(
            Arrays.copyOfRange(drawn.state(0).get(Section.WEIGHTS), backbone, weights.length));
    assertThat(start.get(Section.TARGET)).isEqualTo(Arrays.copyOf(weights, target));
    assertThat(start.get(Section.MOMENTUM)).containsOnly(0);
    assertThat(second.metrics()).hasSize(TinyRun.STEPS).isNotEqualTo(drawn.metrics());
    assertThat(second.checkpoints())
        .containsExactly(Checkpoints.nameOf(0), Checkpoints.nameOf(TinyRun.STEPS));
  }

  @Test
  void folderWithARunIsRefused() {
    assertThatThrownBy(() -> begin(first))
        .isInstanceOf(ResumeRefusedException.class)
        .hasMessageContaining(first.folder().folder() + " holds a run already");
  }

  @Test
  void fileOfAnotherBackboneIsRefusedAndNothingWritten() throws IOException {
    Files.write(file, new byte[] {2, 0, 0, 0, 0, 0, 0, 0, '{', '}'});
    TinyRun second = first.withOut(temp.resolve("second"));
    assertThatThrownBy(() -> begin(second))
        .isInstanceOf(ExchangeException.class)
        .hasMessage(file + ": conv1.weight is missing");
    assertThat(second.folder().folder()).doesNotExist();
  }

  private void begin(TinyRun run) {
    try (SafetensorsFile backbone = SafetensorsFile.open(file)) {
      assertThat(ImportedRun.begin(run.settings(), backbone)).endsWith(Checkpoints.nameOf(0));
    }
  }
}
