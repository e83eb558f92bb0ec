package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.byol4j.metrics.StepRecord;
import org.byol4j.train.RunObserver;
import org.byol4j.train.RunSummary;
import org.byol4j.train.StopSignal;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Executors that die or freeze in the middle of a run: {@code mvn verify -Pfaults}. */
@Tag("fault")
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class ExecutorFaultsTest {
  private static final int FAULTY_STEP = 31;

  @TempDir Path folder;

  @Test
  void executorThatIsKilledCostsTheStepsSinceTheNewestCheckpointAndNoBit() {
    assertRunSurvives("KILL");
  }

  @Test
  void executorThatFreezesIsReplacedAndCostsNoBit() {
    assertRunSurvives("STOP");
  }

  @Test
  void executorThatIsKilledWhileImagesAreCopiedCostsTheOthersNothing() throws IOException {
    SmallRun undisturbed =
        SmallRun.in(folder, "undisturbed", "cluster.replicas=2").withImagesOfItsOwn();
    undisturbed.onThreads();
    Path ingested = folder.resolve("ingested");
    undisturbed.ingestTo(ingested, 4);
    // the second shard of each replica
    HeldFileSystem.hold(ingested, 1);
    HeldFileSystem.hold(ingested, 3);
    SmallRun run =
        new SmallRun(
                HeldFileSystem.place(ingested), folder.resolve("run"), undisturbed.assignments())
            .with(HeldFileSystem.key())
            .with(BarrierLauncherTest.onOurClasses());
    Thread kills = new Thread(() -> killWhoCopiesShard3(ingested));
    kills.setDaemon(true);
    kills.start();
    CopiedImagesTest.Reacts releases =
        new CopiedImagesTest.Reacts(
            "restart 1 of 3",
            () -> {
              HeldFileSystem.release(ingested, 1);
              HeldFileSystem.release(ingested, 3);
            });

    RunSummary summary = run.onSpark("local-cluster[2,1,1024]", new StopSignal(), releases);

    assertThat(summary.finished()).isTrue();
    assertThat(run.digest()).isEqualTo(undisturbed.digest());
    assertThat(releases.heard().said()).filteredOn(line -> line.startsWith("restart ")).hasSize(1);
    long survivor = HeldFileSystem.opened(ingested, 1).get(0).process();
    List<HeldFileSystem.Opened> bySurvivor = new ArrayList<>();
    for (int shard = 0; shard < 4; shard++) {
      bySurvivor.addAll(HeldFileSystem.opened(ingested, shard));
    }
    bySurvivor.removeIf(opened -> opened.process() != survivor);
    assertThat(bySurvivor).as("it lives on, and copies what it lacks").hasSizeGreaterThan(2);
    assertThat(bySurvivor.stream().filter(opened -> opened.shard().contains("00000")))
        .as("it keeps what it has")
        .hasSize(1);
  }

  private static void killWhoCopiesShard3(Path ingested) {
    while (HeldFileSystem.opened(ingested, 1).isEmpty()
        || HeldFileSystem.opened(ingested, 3).isEmpty()) {
      Thread.onSpinWait();
    }
    signal("KILL", HeldFileSystem.opened(ingested, 3).get(0).process());
  }

  private static void signal(String name, long process) {
    try {
      new ProcessBuilder("kill", "-" + name, Long.toString(process)).start().waitFor();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void assertRunSurvives(String signal) {
    String[] keys = {"cluster.replicas=3", "train.epochs=20", "collective.peer-timeout=5s"};
    SmallRun undisturbed = SmallRun.in(folder, "undisturbed", keys);
    undisturbed.onThreads();
    SmallRun run = SmallRun.in(folder, "run", keys).with(BarrierLauncherTest.onOurClasses());
    SignalsAnExecutor signals = new SignalsAnExecutor(signal);

    RunSummary summary = run.onSpark("local-cluster[3,1,1024]", new StopSignal(), signals);

    assertThat(signals.said.stream().filter(line -> line.startsWith("restart ")))
        .singleElement()
        .asString()
        .startsWith("restart 1 of 3, from ")
        .contains("step-00000000");
    assertThat(summary.finished()).isTrue();
    assertThat(run.digest()).isEqualTo(undisturbed.digest());
  }

  /** Sends a signal to one executor, once, after some steps. */
  private static final class SignalsAnExecutor implements RunObserver {
    private final List<String> said = Collections.synchronizedList(new ArrayList<>());
    private final String signal;
    private boolean done;

    SignalsAnExecutor(String signal) {
      this.signal = signal;
    }

    @Override
    public void begins(long firstStep, long totalSteps, int stepsPerEpoch) {}

    @Override
    public void stepDone(StepRecord entry) {
      if (done || entry.step() < FAULTY_STEP) {
        return;
      }
      done = true;
      long executor =
          ProcessHandle.current()
              .descendants()
              .filter(SignalsAnExecutor::isExecutor)
              .findFirst()
              .orElseThrow()
              .pid();
      ExecutorFaultsTest.signal(signal, executor);
    }

    private static boolean isExecutor(ProcessHandle process) {
      return process.info().commandLine().orElse("").contains("CoarseGrainedExecutorBackend");
    }

    @Override
    public void says(String message) {
      said.add(message);
    }
  }
}
