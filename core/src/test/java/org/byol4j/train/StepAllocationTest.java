package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.byol4j.HeapUse;
import org.byol4j.collective.Collective;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.onednn.OnednnDevice;
import org.byol4j.nn.Architecture;
import org.byol4j.paramserver.ParameterServerSettings;
import org.byol4j.paramserver.ParameterServerSettings.TargetSync;
import org.byol4j.paramserver.sharing.SharingSettings;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class StepAllocationTest {
  private static final int WARMUP_STEPS = 5;
  private static final int STEPS = 100;
  private static final int ROUNDS = 20;
  private static final Setup SMALL = Setup.small();

  @Test
  void stepsAllocateNothingAndClosingGivesEverythingBack() {
    freeWhatOthersLeft();
    long nativeBytesBefore = Pointer.totalBytes();
    try (Device device =
            new OnednnDevice(
                new ComputeSettings(
                    "onednn",
                    "fp32",
                    1,
                    ComputeSettings.Convolution.AUTO,
                    ComputeSettings.Graphs.AUTO));
        Replica replica = replica(device)) {
      MicroBatches views = new StepBenchmark.RandomImages(Setup.BATCH, SMALL.imageSize(), 1);
      Steps steps = new Steps(replica, views);
      steps.run(WARMUP_STEPS);
      long nativeBytes = Pointer.totalBytes();
      long nativeCount = Pointer.totalCount();
      long allocated = HeapUse.fewest(ROUNDS, () -> steps.run(STEPS));
      assertThat(allocated).as("bytes allocated in %d steps", STEPS).isZero();
      assertThat(Pointer.totalBytes()).isEqualTo(nativeBytes).isGreaterThan(nativeBytesBefore);
      assertThat(Pointer.totalCount()).isEqualTo(nativeCount);
    }
    assertThat(Pointer.totalBytes()).isEqualTo(nativeBytesBefore);
  }

  /** Few elements, which go by their indices, and many, which go as a bitmap. */
  @ParameterizedTest
  @ValueSource(doubles = {1e-2, 0.15})
  void sharedGradientsAreCopiedToMemoryThatIsUsedAgain(double maxShare) {
    ParameterServerSettings sharing =
        ParameterServerSettings.sharing(new SharingSettings(0, 1e-3, maxShare, 0.95, 0, 1, 0), 0);
    try (Device device =
            new OnednnDevice(
                new ComputeSettings(
                    "onednn",
                    "fp32",
                    1,
                    ComputeSettings.Convolution.AUTO,
                    ComputeSettings.Graphs.AUTO));
        Replica replica = replica(device, SMALL.withHidden(10_000), sharing)) {
      MicroBatches views = new StepBenchmark.RandomImages(Setup.BATCH, SMALL.imageSize(), 1);
      Steps steps = new Steps(replica, views);
      steps.run(WARMUP_STEPS);
      long gradients = replica.online().table().length() * (long) Float.BYTES;
      Thread sends = HeapUse.threadNamed("encoded-gradients-0");
      long fewest = Long.MAX_VALUE;
      for (int i = 0; i < ROUNDS; i++) {
        fewest = Math.min(fewest, HeapUse.of(sends, () -> steps.run(1)));
      }
      // a bitmap alone has a sixteenth of the bytes
      assertThat(fewest).as("bytes allocated in a step").isLessThan(gradients / 8);
    }
  }

  /** Arrays of ND4J that were left to the collector would be freed in the middle of the test. */
  private static void freeWhatOthersLeft() {
    long before;
    do {
      before = Pointer.totalCount();
      System.gc();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    } while (Pointer.totalCount() != before);
  }

  private static Replica replica(Device device) {
    return replica(device, SMALL, ParameterServerSettings.synchronous(TargetSync.BROADCAST, 1));
  }

  private static Replica replica(Device device, Setup setup, ParameterServerSettings server) {
    return new Replica(
        device,
        Collective.single(),
        new Architecture(setup.network()),
        SMALL.train(),
        SMALL.optimizer(),
        SMALL.target(),
        server,
        Setup.BATCH,
        SMALL.imageSize(),
        WARMUP_STEPS + ROUNDS * STEPS);
  }

  /** The steps of a run, some at a time. */
  private static final class Steps {
    private final Replica replica;
    private final MicroBatches views;
    private long next;

    Steps(Replica replica, MicroBatches views) {
      this.replica = replica;
      this.views = views;
    }

    void run(int count) {
      for (int i = 0; i < count; i++) {
        replica.step(next++, views);
      }
    }
  }
}
