package org.byol4j.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsLogTest {
  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void nameTheFile() {
    file = folder.resolve("metrics.jsonl");
  }

  @Test
  void everyStepIsALineWithItsMeasures() throws IOException {
    append(0, entry(0));
    JsonNode line = new ObjectMapper().readTree(lines().get(0));
    assertThat(line.get("step").longValue()).isZero();
    assertThat(line.get("loss").doubleValue()).isEqualTo(3.5);
    assertThat(line.get("learning_rate").doubleValue()).isEqualTo(0.1);
    assertThat(line.get("target_decay").doubleValue()).isEqualTo(0.99);
    assertThat(line.get("images_per_s").doubleValue()).isEqualTo(64);
    assertThat(line.has("effective_rank")).isFalse();
    assertThat(line.get("knn_top1").doubleValue()).isEqualTo(0.25);
  }

  @Test
  void aLineSaysWhatWasSharedWhereGradientsAreAndIsReadAgain() throws IOException {
    StepRecord entry = StepRecords.sharing(1.25e-4, 0.0078, 12_345);
    append(0, entry, entry(8));
    JsonNode line = new ObjectMapper().readTree(lines().get(0));

    assertThat(line.get("threshold").doubleValue()).isEqualTo(1.25e-4);
    assertThat(line.get("sent_share").doubleValue()).isEqualTo(0.0078);
    assertThat(line.get("sent_bytes").longValue()).isEqualTo(12_345);
    assertThat(StepRecord.parse(lines().get(0).getBytes(StandardCharsets.UTF_8))).contains(entry);
    assertThat(lines().get(1)).doesNotContain("threshold", "sent_");
  }

  @Test
  void theLastLineIsWrittenAnewWhenMoreIsKnown() throws IOException {
    try (MetricsLog log = MetricsLog.open(file, 0)) {
      log.append(entry(0));
      log.append(StepRecords.of(1, OptionalDouble.empty(), 64, 1234));
      log.amend(entry(1));
      log.append(entry(2));
    }
    assertThat(lines()).containsExactly(entry(0).toJson(), entry(1).toJson(), entry(2).toJson());
  }

  @Test
  void theLineThatARunGoesOnFromIsWrittenAnew() throws IOException {
    append(0, entry(0), StepRecords.of(1, OptionalDouble.empty(), 64, 1234), entry(2));

    try (MetricsLog log = MetricsLog.open(file, 2)) {
      log.amend(log.continued().orElseThrow().withKnnTop1(0.25));
      log.append(entry(2));
    }

    assertThat(lines()).containsExactly(entry(0).toJson(), entry(1).toJson(), entry(2).toJson());
  }

  @Test
  void aLineThatIsNoWholeRecordIsNotGoneOnFrom() throws IOException {
    Files.writeString(file, "{\"step\":0,\"epoch\":0}\n");
    try (MetricsLog log = MetricsLog.open(file, 1)) {
      assertThat(log.continued()).isEmpty();
    }
  }

  @Test
  void aResumedRunDropsWhatCameAfterItsCheckpoint() throws IOException {
    append(0, entry(0), entry(1), entry(2), entry(3));
    List<String> before = lines();
    append(2, entry(2));
    assertThat(lines()).containsExactly(before.get(0), before.get(1), before.get(2));
  }

  @Test
  void aLineThatWasNotFinishedIsDropped() throws IOException {
    append(0, entry(0), entry(1));
    List<String> before = lines();
    Files.writeString(file, before.get(0) + "\n" + before.get(1).substring(0, 9));
    append(5, entry(5));
    assertThat(lines()).containsExactly(before.get(0), entry(5).toJson());
  }

  @Test
  void aBrokenLineInTheMiddleIsAnErrorThatNamesIt() throws IOException {
    append(0, entry(0));
    Files.writeString(file, lines().get(0) + "\nnot json\n" + entry(2).toJson() + "\n");
    assertThatThrownBy(() -> MetricsLog.open(file, 9))
        .isInstanceOf(MetricsException.class)
        .hasMessageContaining("metrics.jsonl: line 2 ");
  }

  @Test
  void longLinesAreReadWhole() throws IOException {
    String longLine = "{\"step\":0,\"x\":\"" + "y".repeat(10_000) + "\"}";
    Files.writeString(file, longLine + "\n" + entry(1).toJson() + "\n");
    append(1, entry(1));
    assertThat(lines()).containsExactly(longLine, entry(1).toJson());
  }

  @Test
  void aFolderThatDoesNotExistIsNamed() {
    Path missing = folder.resolve("missing").resolve("metrics.jsonl");
    assertThatThrownBy(() -> MetricsLog.open(missing, 0))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining(missing.toString());
  }

  private void append(long firstStep, StepRecord... entries) {
    try (MetricsLog log = MetricsLog.open(file, firstStep)) {
      for (StepRecord entry : entries) {
        log.append(entry);
      }
    }
  }

  private List<String> lines() throws IOException {
    return Files.readAllLines(file);
  }

  private static StepRecord entry(long step) {
    return StepRecords.of(step, OptionalDouble.of(0.25), 64, 1234);
  }
}
