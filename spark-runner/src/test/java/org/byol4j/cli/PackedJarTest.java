package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.byol4j.checkpoint.CheckpointReader;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The jar as {@code bin/byol4j} starts it, with what was left out of the libraries in it. Runs
 * after {@code package}, by an execution of its own.
 */
@Tag("jar")
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class PackedJarTest {
  private static final Path SCRIPT = Path.of("..", "bin", "byol4j");
  private static final Map<String, String> ENVIRONMENT =
      Map.of("BYOL4J_NO_BUILD", "1", "BYOL4J_JAVA_OPTS", "-XX:TieredStopAtLevel=1");
  private static final int EPOCHS = 8;
  private static final int STEPS = 24;

  @TempDir Path folder;

  @Test
  void sharedGradientsHaveTheSameBitsInExecutorsEmbeddedAndResumed() throws Exception {
    Path executors = folder.resolve("executors");
    Path embedded = folder.resolve("embedded");
    TinyTraining.drawImages(folder.resolve("images"));

    assertThat(train(executors, "--master", "local-cluster[2,1,1024]"))
        .contains("done after %d steps".formatted(STEPS));
    assertThat(train(embedded)).contains("done after %d steps".formatted(STEPS));
    String digest = ClusterTrial.digest(embedded.toString());
    assertThat(digest).contains("residual");
    assertThat(ClusterTrial.digest(executors.toString())).isEqualTo(digest);

    deleteNewestCheckpoint(executors);
    assertThat(train(executors)).contains("resuming at step=20 ");
    assertThat(ClusterTrial.digest(executors.toString())).isEqualTo(digest);
  }

  /** Trains with gradient sharing, and returns what the command wrote. */
  private String train(Path out, String... more) throws InterruptedException {
    String images = folder.resolve("images").toString();
    List<String> command = new ArrayList<>(List.of(SCRIPT.toString()));
    command.addAll(List.of(TinyTraining.words(images, out.toString(), EPOCHS, more)));
    for (String assignment :
        List.of(
            "parameter-server.mode=gradient-sharing",
            "cluster.max-restarts=0",
            // a busy machine starts executors slowly
            "cluster.spark.scheduler.maxRegisteredResourcesWaitingTime=120s")) {
      command.addAll(List.of("--set", assignment));
    }
    try (Child child = Child.of(ENVIRONMENT, command)) {
      assertThat(child.exitCode()).as(child.output()).isZero();
      return child.output();
    }
  }

  private static void deleteNewestCheckpoint(Path run) throws IOException {
    assertThat(CheckpointReader.open(run).manifest().step()).isEqualTo(STEPS);
    Path newest;
    try (Stream<Path> checkpoints = Files.list(run.resolve("checkpoints"))) {
      newest = checkpoints.filter(Files::isDirectory).max(Comparator.naturalOrder()).orElseThrow();
    }
    try (Stream<Path> files = Files.walk(newest)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
