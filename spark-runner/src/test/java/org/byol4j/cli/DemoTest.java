package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.byol4j.checkpoint.CheckpointReader;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.train.RunObserver;
import org.byol4j.train.StopSignal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class DemoTest {
  @TempDir Path folder;

  @Test
  @Timeout(120)
  void demoDrawsTrainsAndEvaluates() throws IOException {
    DemoFolder demo = new DemoFolder(folder.resolve("out"));
    assertThat(demo.prepare()).isTrue();

    Optional<DemoResult> result = demo(demo, new StopSignal());

    assertThat(result).isPresent();
    assertThat(result.get().toFields())
        .containsKeys(
            "knn_pixels", "knn_untrained", "knn_trained", "images_per_s", "train_seconds");
    assertThat(result.get().knnTrained()).isBetween(0.0, 1.0);
    assertThat(CheckpointReader.open(demo.run()).manifest().step()).isEqualTo(2);
    try (Stream<Path> classes = Files.list(demo.test())) {
      assertThat(classes).hasSize(10);
    }
  }

  @Test
  @Timeout(120)
  void stoppedDemoHasNoResult() {
    DemoFolder demo = new DemoFolder(folder.resolve("out"));
    assertThat(demo.prepare()).isTrue();
    StopSignal stop = new StopSignal();
    stop.request();

    assertThat(demo(demo, stop)).isEmpty();
  }

  @Test
  void demoReplacesAnEarlierOneButNothingElse() throws IOException {
    DemoFolder demo = new DemoFolder(folder.resolve("out"));
    assertThat(demo.prepare()).isTrue();
    Files.writeString(demo.summary(), "{}");
    assertThat(demo.prepare()).isTrue();
    assertThat(demo.summary()).doesNotExist();

    Path other = Files.createDirectory(folder.resolve("photos"));
    Files.createDirectory(other.resolve("data"));
    assertThat(new DemoFolder(other).prepare()).isFalse();
    assertThat(other.resolve("data")).exists();

    Ran ran = Ran.byol4j("demo", "--out", other.toString());
    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err()).contains(other.toString());
  }

  private static Optional<DemoResult> demo(DemoFolder folder, StopSignal stop) {
    List<Assignment> tiny =
        Stream.of(
                "train.epochs=1",
                "train.batch-size=10",
                "augment.size=16",
                "network.width=0.125",
                "heads.hidden=16",
                "heads.output=8",
                "knn.every-epochs=0",
                "compute.threads=1")
            .map(text -> new Assignment("--set", text))
            .toList();
    Configuration configuration = Configuration.ofFile(Path.of("../conf/demo.conf"), tiny);
    return new Demo(folder, configuration, 2, 1, stop, RunObserver.NONE).run();
  }
}
