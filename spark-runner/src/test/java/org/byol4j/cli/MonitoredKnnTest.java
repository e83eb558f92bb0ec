package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.byol4j.config.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MonitoredKnnTest {
  private static final Configuration CONFIGURATION = Configuration.ofDefaults(List.of());

  @TempDir Path run;

  @BeforeEach
  void writeMetrics() throws IOException {
    Files.write(
        run.resolve("metrics.jsonl"), List.of(line(0, ""), line(1, "\"knn_top1\":0.25,"), "{"));
  }

  private static String line(int step, String evaluation) {
    return """
        {"step":%d,"epoch":0,"loss":3,"learning_rate":1,"target_decay":1,"feature_std":0.1,"cosine":0,%s\
        "step_ms":1,"data_wait_ms":0,"images_per_s":1,"time_ms":1}"""
        .formatted(step, evaluation);
  }

  @Test
  void shareIsThatOfTheCheckpointsStep() {
    assertThat(MonitoredKnn.of(run.toString(), CONFIGURATION, 2)).hasValue(0.25);
    assertThat(MonitoredKnn.of(checkpoint(2), CONFIGURATION, 2)).hasValue(0.25);
  }

  @Test
  void stepThatWasNotEvaluatedHasNone() {
    assertThat(MonitoredKnn.of(checkpoint(0), CONFIGURATION, 0)).isEmpty();
    assertThat(MonitoredKnn.of(checkpoint(1), CONFIGURATION, 1)).isEmpty();
  }

  @Test
  void lineThatIsCutShortOrMissingHasNone() {
    assertThat(MonitoredKnn.of(checkpoint(3), CONFIGURATION, 3)).isEmpty();
    assertThat(MonitoredKnn.of(checkpoint(9), CONFIGURATION, 9)).isEmpty();
  }

  @Test
  void checkpointThatWasCopiedElsewhereHasNone() {
    assertThat(MonitoredKnn.of(run.resolve("copy").toString(), CONFIGURATION, 2)).isEmpty();
  }

  private String checkpoint(int step) {
    return run.resolve("checkpoints").resolve("step-%010d".formatted(step)).toString();
  }
}
