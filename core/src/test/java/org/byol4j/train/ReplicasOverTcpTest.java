package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.DoubleStream;
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
import org.byol4j.paramserver.sharing.SharingSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Replicas that are connected by sockets go the very way of those that are threads. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class ReplicasOverTcpTest {
  private static final int SIZE = 3;
  private static final Setup SETUP = Setup.small();

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
                new ComputeSettings(
                    "onednn",
                    "fp32",
                    1,
                    ComputeSettings.Convolution.AUTO,
                    ComputeSettings.Graphs.AUTO)));
  }

  private static void expectSame(TargetSync sync, Supplier<Device> devices) {
    double[] expected =
        train(LocalCollective.group(SIZE, Duration.ofSeconds(60)), TargetSync.BROADCAST, devices);
    try (TcpGroup group = TcpGroup.join(SIZE, TcpGroup.SETTINGS)) {
      assertThat(train(group.collectives(), sync, devices)).isEqualTo(expected);
    }
  }

  @Test
  void sharedGradientsGiveTheWeightsOfThreadsToTheBit() {
    ReplicaMaker sharing =
        (collective, rows) ->
            new TinyReplica(
                new ReferenceDevice(),
                collective,
                SETUP,
                rows,
                new SharingSettings(1e-3, 1e-3, 0.02, 0.9, 5, 5, 0));
    double[] expected = train(LocalCollective.group(SIZE, Duration.ofSeconds(60)), sharing);
    double[] untrained =
        Replicas.run(
                List.of(Collective.single()),
                collective -> {
                  try (TinyReplica replica = sharing.make(collective, SETUP.train().batchSize())) {
                    return weights(replica);
                  }
                })
            .get(0);
    assertThat(expected).isNotEqualTo(untrained);
    try (TcpGroup group = TcpGroup.join(SIZE, TcpGroup.SETTINGS)) {
      assertThat(train(group.collectives(), sharing)).isEqualTo(expected);
    }
  }

  /** Makes the replica of a group. */
  @FunctionalInterface
  private interface ReplicaMaker {
    TinyReplica make(Collective collective, int rows);
  }

  private static double[] train(List<Collective> group, TargetSync sync, Supplier<Device> devices) {
    return train(
        group,
        (collective, rows) ->
            new TinyReplica(
                devices.get(),
                collective,
                SETUP,
                rows,
                ParameterServerSettings.synchronous(sync, 1)));
  }

  private static double[] weights(TinyReplica replica) {
    return DoubleStream.concat(
            Arrays.stream(replica.onlineWeights()), Arrays.stream(replica.targetWeights()))
        .toArray();
  }

  /** Returns the online and the target weights that all replicas end with. */
  private static double[] train(List<Collective> group, ReplicaMaker replicas) {
    List<double[]> weights =
        Replicas.run(
            group,
            collective -> {
              int[] rows = RandomViews.rowsOf(collective.rank(), SIZE);
              try (TinyReplica replica = replicas.make(collective, rows.length)) {
                for (int step = 0; step < SETUP.steps(); step++) {
                  replica.step.run(step, RandomViews.of(SETUP, step, rows));
                }
                return weights(replica);
              }
            });
    for (double[] other : weights) {
      assertThat(other).isEqualTo(weights.get(0));
    }
    return weights.get(0);
  }
}
