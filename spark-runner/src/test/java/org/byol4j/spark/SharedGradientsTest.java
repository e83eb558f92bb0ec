package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.byol4j.metrics.StepRecord;
import org.byol4j.train.ResumeRefusedException;
import org.byol4j.train.RunObserver;
import org.byol4j.train.StopSignal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs on Spark whose replicas share encoded gradients, chosen by the configuration. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class SharedGradientsTest {
  private static final String[] SHARING = {
    "cluster.replicas=2",
    "parameter-server.mode=gradient-sharing",
    "parameter-server.digest-every-steps=1"
  };

  @TempDir Path folder;

  @Test
  void embeddedRunIsThatOfThreadsToTheBitAndKeepsItsMode() {
    SmallRun plain = SmallRun.in(folder, "plain", SHARING);
    SmallRun embedded = SmallRun.in(folder, "embedded", SHARING);
    plain.onThreads();
    Steps steps = new Steps();
    embedded.onSpark("", new StopSignal(), steps);

    assertThat(embedded.digest()).isEqualTo(plain.digest()).contains("  residual");
    assertThat(steps.records)
        .hasSize(SmallRun.STEPS)
        .allSatisfy(
            entry -> {
              assertThat(entry.timing().sentBytes().orElseThrow()).isPositive();
              assertThat(entry.threshold().orElseThrow()).isPositive();
              // an element may be in all four encodings
              assertThat(entry.sentShare().orElseThrow()).isBetween(0.0, 4.0);
            });
    assertThatThrownBy(SmallRun.in(folder, "embedded", "cluster.replicas=2")::onThreads)
        .isInstanceOf(ResumeRefusedException.class)
        .hasMessageContaining("parameter-server.mode: gradient-sharing -> synchronous");
  }

  @Test
  void executorsOfTheirOwnShareThemToo() {
    SmallRun plain = SmallRun.in(folder, "plain", SHARING);
    SmallRun processes =
        SmallRun.in(folder, "processes", SHARING)
            .with(BarrierLauncherTest.onOurClasses())
            .with("cluster.max-restarts=0");
    plain.onThreads();
    processes.onSpark("local-cluster[2,1,1024]", new StopSignal(), RunObserver.NONE);

    assertThat(processes.digest()).isEqualTo(plain.digest());
  }

  /** Keeps what it hears of steps. */
  private static final class Steps implements RunObserver {
    final List<StepRecord> records = new ArrayList<>();

    @Override
    public void begins(long firstStep, long totalSteps, int stepsPerEpoch) {}

    @Override
    public void stepDone(StepRecord entry) {
      records.add(entry);
    }

    @Override
    public void says(String message) {}
  }
}
