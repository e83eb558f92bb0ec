package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.byol4j.collective.Collective;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.tcp.TcpGroup;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.ReferenceDevice;
import org.byol4j.device.onednn.OnednnDevice;
import org.byol4j.paramserver.ParameterServerSettings;
import org.byol4j.paramserver.ParameterServerSettings.TargetSync;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Replicas that are connected by sockets go the very way of those that are threads. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class ReplicasOverTcpTest {
  private static final int SIZE = 3;
  private static final Setup SETUP = Setup.small();

  /** What all replicas end with. */
  private record Weights(double[] online, double[] target) {}

  @ParameterizedTest
  @EnumSource(TargetSync.class)
  void weightsInFloat64AreThoseOfThreadsToTheBit(TargetSync sync) {
    expectSame(sync, ReferenceDevice::new);
  }

  @ParameterizedTest
  @EnumSource(TargetSync.class)
  void weightsInFloat32AreThoseOfThreadsToTheBit(TargetSync sync) {
    expectSame(
        sync,
        () ->
            new OnednnDevice(
                new ComputeSettings("onednn", "fp32", 1, ComputeSettings.Convolution.AUTO)));
  }

  private static void expectSame(TargetSync sync, Supplier<Device> devices) {
    Weights expected =
        train(LocalCollective.group(SIZE, Duration.ofSeconds(60)), TargetSync.BROADCAST, devices);
    try (TcpGroup group = TcpGroup.join(SIZE, TcpGroup.SETTINGS)) {
      Weights actual = train(group.collectives(), sync, devices);
      assertThat(actual.online()).containsExactly(expected.online());
      assertThat(actual.target()).containsExactly(expected.target());
    }
  }

  private static Weights train(List<Collective> group, TargetSync sync, Supplier<Device> devices) {
    List<Weights> weights =
        Replicas.run(
            group,
            collective -> {
              int[] rows = RandomViews.rowsOf(collective.rank(), SIZE);
              try (TinyReplica replica =
                  new TinyReplica(
                      devices.get(),
                      collective,
                      SETUP,
                      rows.length,
                      new ParameterServerSettings(sync, 1))) {
                for (int step = 0; step < SETUP.steps(); step++) {
                  replica.step.run(step, RandomViews.of(SETUP, step, rows));
                }
                return new Weights(replica.onlineWeights(), replica.targetWeights());
              }
            });
    for (Weights other : weights) {
      assertThat(other.online()).containsExactly(weights.get(0).online());
      assertThat(other.target()).containsExactly(weights.get(0).target());
    }
    return weights.get(0);
  }
}
