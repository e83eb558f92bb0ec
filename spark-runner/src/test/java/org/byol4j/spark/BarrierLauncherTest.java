package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.byol4j.checkpoint.CheckpointException;
import org.byol4j.metrics.StepRecord;
import org.byol4j.train.RunObserver;
import org.byol4j.train.RunSummary;
import org.byol4j.train.StopSignal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs on a real Spark: embedded, and with executors as processes of their own. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class BarrierLauncherTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void embeddedRunIsThePlainOneToTheBit(int replicas) {
    SmallRun plain = SmallRun.in(folder, "plain", "cluster.replicas=" + replicas);
    SmallRun embedded = SmallRun.in(folder, "embedded", "cluster.replicas=" + replicas);

    RunSummary expected = plain.onThreads();
    RunSummary summary = embedded.onSpark();

    assertThat(summary.finished()).isTrue();
    assertThat(summary.steps()).isEqualTo(SmallRun.STEPS);
    assertThat(summary.loss()).isEqualTo(expected.loss());
    assertThat(Path.of(summary.checkpoint())).isDirectory();
    assertThat(embedded.digest()).isEqualTo(plain.digest());
  }

  @Test
  void executorsOfTheirOwnComputeTheSameBits() {
    SmallRun plain = SmallRun.in(folder, "plain", "cluster.replicas=2");
    SmallRun processes =
        SmallRun.in(folder, "processes", "cluster.replicas=2", "cluster.max-restarts=0")
            .with(onOurClasses());

    plain.onThreads();
    RunSummary summary =
        processes.onSpark("local-cluster[2,1,1024]", new StopSignal(), RunObserver.NONE);

    assertThat(summary.finished()).isTrue();
    assertThat(processes.digest()).isEqualTo(plain.digest());
  }

  /**
   * Executors find our classes, which are in no jar yet, and a short way to start; on a busy
   * machine they are waited for.
   */
  static String[] onOurClasses() {
    String ours =
        Stream.of(System.getProperty("java.class.path").split(":"))
            .filter(entry -> !entry.contains("/org/apache/spark/"))
            .filter(entry -> entry.contains("/target/") || isOfOurJar(entry))
            .reduce((a, b) -> a + ":" + b)
            .orElseThrow();
    return new String[] {
      "cluster.spark.executor.extraClassPath=\"" + ours + "\"",
      "cluster.spark.executor.memory=512m",
      // they end before more would pay
      "cluster.spark.executor.extraJavaOptions=\"-XX:TieredStopAtLevel=1 -XX:+UseSerialGC\"",
      "cluster.spark.scheduler.maxRegisteredResourcesWaitingTime=2m"
    };
  }

  private static boolean isOfOurJar(String entry) {
    return Stream.of(
            "/org/bytedeco/",
            "/org/nd4j/",
            "/org/deeplearning4j/",
            "/org/reactivestreams/",
            "/io/reactivex/",
            "/com/google/flatbuffers/",
            "/net/ericaro/",
            "/com/jakewharton/",
            "/com/github/oshi/",
            "/net/java/dev/jna/",
            "/info/picocli/",
            "/com/typesafe/")
        .anyMatch(entry::contains);
  }

  @Test
  void stopEndsTheReplicasWithACheckpointAndTheRunGoesOnFromThere() {
    // far more steps than there is time for until the stop
    String[] keys = {"cluster.replicas=2", "train.epochs=100000", "checkpoint.keep-last=1"};
    SmallRun whole = SmallRun.in(folder, "whole", keys);
    SmallRun stopped = SmallRun.in(folder, "stopped", keys);

    RunSummary first = stopAfterAStep(stopped);
    assertThat(first.finished()).isFalse();
    assertThat(first.steps()).isPositive();
    assertThat(Path.of(first.checkpoint())).isDirectory();
    RunSummary second = stopAfterAStep(stopped);
    assertThat(second.steps()).isGreaterThan(first.steps());

    StopSignal stop = new StopSignal();
    RunSummary undisturbed = whole.onThreads(stop, new StopsAfter(second.steps(), stop));
    assertThat(undisturbed.steps()).isEqualTo(second.steps());
    assertThat(stopped.digest()).isEqualTo(whole.digest());
  }

  private static RunSummary stopAfterAStep(SmallRun run) {
    StopSignal stop = new StopSignal();
    return run.onSpark("", stop, new StopsAfter(1, stop));
  }

  /**
   * Stops a run.
   *
   * @param steps how many steps of the whole run are to be done by then
   */
  private record StopsAfter(long steps, StopSignal stop) implements RunObserver {
    @Override
    public void begins(long firstStep, long totalSteps, int stepsPerEpoch) {}

    @Override
    public void stepDone(StepRecord entry) {
      if (entry.step() + 1 >= steps) {
        stop.request();
      }
    }

    @Override
    public void says(String message) {}
  }

  @Test
  void tooFewSlotsAreAnErrorBeforeTheStage() {
    SmallRun run = SmallRun.in(folder, "slots", "cluster.replicas=3");

    assertThatThrownBy(() -> run.onSpark("local[2]", new StopSignal(), RunObserver.NONE))
        .isInstanceOf(ClusterException.class)
        .hasMessageStartingWith("replicas=3 slots=2: too few with master=local[2]");
  }

  @Test
  void clusterThatOffersTooFewSlotsIsNotWaitedForInSilence() {
    SmallRun run =
        SmallRun.in(folder, "slots", "cluster.replicas=2")
            .with(onOurClasses())
            .with("cluster.spark.scheduler.maxRegisteredResourcesWaitingTime=1s");

    assertThatThrownBy(
            () -> run.onSpark("local-cluster[1,1,1024]", new StopSignal(), RunObserver.NONE))
        .isInstanceOf(NoSlotsException.class)
        .hasMessageContaining("replicas=2 slots=")
        .hasMessageContaining("maxRegisteredResourcesWaitingTime");
  }

  @Test
  void failureOfAReplicaReachesTheDriverAsWhatItIsAndIsNotTriedAgain() throws IOException {
    SmallRun run = SmallRun.in(folder, "broken", "cluster.replicas=2", "train.epochs=100000");
    Path weights = Path.of(stopAfterAStep(run).checkpoint()).resolve("weights-0000000000.f32");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[0] ^= 1;
    Files.write(weights, bytes);

    assertThatThrownBy(run::onSpark)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(weights.toAbsolutePath().toString());
  }

  @Test
  void outputsOnADiskOfThisHostNeedAllExecutorsHere() {
    List<String> folders = List.of("--out=out");
    Slots.checkAllAreHere(folders, List.of("127.0.0.1", "localhost"));

    assertThatThrownBy(() -> Slots.checkAllAreHere(folders, List.of("localhost", "203.0.113.9")))
        .isInstanceOf(ClusterException.class)
        .hasMessageStartingWith("--out=out on this host's disk")
        .hasMessageContaining("203.0.113.9");
  }
}
