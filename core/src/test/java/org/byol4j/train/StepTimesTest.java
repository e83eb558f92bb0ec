package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.byol4j.collective.Collective;
import org.byol4j.collective.ForwardingCollective;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.Vector;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.onednn.OnednnDevice;
import org.byol4j.nn.Architecture;
import org.byol4j.paramserver.ParameterServerSettings;
import org.byol4j.paramserver.ParameterServerSettings.TargetSync;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a replica's time goes to. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class StepTimesTest {
  private static final Setup SMALL = Setup.small();
  private static final Duration LATE = Duration.ofSeconds(1);

  private record Split(long forwardNanos, long communicationNanos) {}

  @Test
  void waitingForTheTargetsWeightsIsCommunication() {
    List<Split> splits =
        Replicas.run(
            LocalCollective.group(2, TinyRun.PATIENCE),
            collective -> {
              int[] rows = RandomViews.rowsOf(collective.rank(), 2);
              try (Device device = device();
                  Replica replica = replica(device, new LateBackground(collective), rows.length)) {
                replica.step(0, RandomViews.of(SMALL, 0, rows));
                replica.step(1, RandomViews.of(SMALL, 1, rows));
                StepTimes times = replica.times();
                return new Split(times.forwardNanos(), times.communicationNanos());
              }
            });
    assertThat(splits)
        .allSatisfy(
            split ->
                assertThat(split.communicationNanos())
                    .isGreaterThan(LATE.toNanos() / 2)
                    .isGreaterThan(split.forwardNanos()));
  }

  /** A group whose background is slow. */
  private static final class LateBackground extends ForwardingCollective {

    LateBackground(Collective collective) {
      super(collective);
    }

    @Override
    public Collective background() {
      return new ForwardingCollective(super.background()) {
        @Override
        public void allGather(Vector values, long[] bounds) {
          long end = System.nanoTime() + LATE.toNanos();
          while (System.nanoTime() < end) {
            LockSupport.parkNanos(end - System.nanoTime());
          }
          super.allGather(values, bounds);
        }
      };
    }
  }

  private static Device device() {
    return new OnednnDevice(
        new ComputeSettings(
            "onednn", "fp32", 1, ComputeSettings.Convolution.AUTO, ComputeSettings.Graphs.AUTO));
  }

  private static Replica replica(Device device, Collective collective, int rows) {
    return new Replica(
        device,
        collective,
        new Architecture(SMALL.network()),
        SMALL.train(),
        SMALL.optimizer(),
        SMALL.target(),
        ParameterServerSettings.synchronous(TargetSync.BROADCAST, 0),
        rows,
        SMALL.imageSize(),
        SMALL.steps());
  }
}
