package org.byol4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.byol4j.checkpoint.CheckpointReader;
import org.byol4j.checkpoint.WeightsDigest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands as processes of their own, with and without spark-submit. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class ProcessTest {
  static final String MAIN = "org.byol4j.cli.Main";
  private static final String SUBMIT = "org.apache.spark.deploy.SparkSubmit";

  @TempDir Path folder;

  @Test
  void signalEndsATrainingWithACheckpoint() throws Exception {
    Path out = folder.resolve("run");
    Process process = start(MAIN, train(drawImages(), out));
    try (BufferedReader err = process.errorReader(UTF_8)) {
      awaitStep(err, 1);
      // Process.destroy would close the streams as well
      process.toHandle().destroy();
      assertThat(process.waitFor()).isEqualTo(143);
      assertThat(new String(process.getInputStream().readAllBytes(), UTF_8))
          .startsWith("stopped after ");
      assertThat(err.lines())
          .anyMatch(
              line ->
                  line.startsWith("stopping after this step, with a checkpoint; a second signal"));
    } finally {
      process.destroyForcibly();
    }
    assertThat(CheckpointReader.open(out).manifest().step()).isPositive();
  }

  @Test
  @Tag("fault")
  void runThatFailsForItsOwnReasonWhileItIsStoppedSaysThatReason() throws Exception {
    Path out = folder.resolve("run");
    Process process = start(MAIN, train(drawImages(), out));
    try (BufferedReader err = process.errorReader(UTF_8)) {
      awaitStep(err, 1);
      // the checkpoint of the stop cannot be written
      Files.move(out.resolve("checkpoints"), folder.resolve("moved"));
      Files.writeString(out.resolve("checkpoints"), "not a folder");
      process.toHandle().destroy();
      assertThat(process.waitFor()).isEqualTo(75);
      assertThat(err.lines()).anyMatch(line -> line.matches("byol4j: .*checkpoints.*"));
    } finally {
      process.destroyForcibly();
    }
  }

  private static void awaitStep(BufferedReader err, int step) throws IOException {
    String line = err.readLine();
    while (line != null && !line.startsWith("step %d/".formatted(step))) {
      line = err.readLine();
    }
    assertThat(line).isNotNull();
  }

  @Test
  void sparkSubmitPassesOurExitCodesOn() throws Exception {
    assertThat(submit("train", "--no-such-option")).isEqualTo(64);
    assertThat(submit(train(Path.of("/no/such"), folder.resolve("run")))).isEqualTo(65);
    assertThat(submit("--version")).isZero();
  }

  @Test
  @Tag("fault")
  void runWhoseDriverIsKilledGoesOnToTheSameBits() throws Exception {
    Path images = drawImages();
    String[] short40 = {"--set", "train.epochs=40", "--set", "train.checkpoint-every-steps=10"};
    Path undisturbed = folder.resolve("undisturbed");
    assertThat(Ran.byol4j(train(images, undisturbed, short40)).code()).isZero();
    Path out = folder.resolve("killed");

    Process process = start(MAIN, train(images, out, short40));
    try {
      while (process.isAlive() && steps(out) < 35) {
        Thread.onSpinWait();
      }
      process.destroyForcibly();
      assertThat(process.waitFor()).isEqualTo(137);
    } finally {
      process.destroyForcibly();
    }
    assertThat(Ran.byol4j(train(images, out, short40)).code()).isZero();

    assertThat(WeightsDigest.of(CheckpointReader.open(out)))
        .isEqualTo(WeightsDigest.of(CheckpointReader.open(undisturbed)));
  }

  private static int steps(Path out) throws IOException {
    Path metrics = out.resolve("metrics.jsonl");
    return Files.exists(metrics) ? Files.readAllLines(metrics).size() : 0;
  }

  private static int submit(String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of("--master", "local[2]", "--class", MAIN));
    // the word that stands for a jar where the class path has the classes
    all.add("spark-internal");
    all.addAll(List.of(words));
    Process process = start(SUBMIT, all.toArray(String[]::new));
    try {
      process.errorReader(UTF_8).lines().forEach(System.err::println);
      return process.waitFor();
    } finally {
      process.destroyForcibly();
    }
  }

  /** Starts a program on our class path. */
  static Process start(String main, String... words) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElseThrow());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        // only bin/byol4j says where it is
        .filter(option -> main.equals(MAIN) || !option.startsWith("-Dbyol4j.home="))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
    command.addAll(List.of(words));
    return new ProcessBuilder(command).start();
  }

  private Path drawImages() {
    return TinyTraining.drawImages(folder.resolve("images"));
  }

  /** More epochs than there is time for. */
  private static String[] train(Path data, Path out, String... more) {
    return TinyTraining.words(data.toString(), out.toString(), 100_000, more);
  }
}
