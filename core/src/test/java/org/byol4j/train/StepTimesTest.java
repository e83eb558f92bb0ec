package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.byol4j.HeapUse;
import org.byol4j.checkpoint.Attempt;
import org.byol4j.checkpoint.CheckpointReader;
import org.byol4j.checkpoint.CheckpointSettings;
import org.byol4j.checkpoint.CheckpointWriter;
import org.byol4j.checkpoint.LocalStorage;
import org.byol4j.checkpoint.Retries;
import org.byol4j.checkpoint.RunIdentity;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.TrainingState;
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
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a replica's time, and its memory, goes to. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class StepTimesTest {
  private static final Setup SMALL = Setup.small();
  private static final Duration LATE = Duration.ofSeconds(1);

  @TempDir Path temp;

  private record Split(long forwardNanos, long communicationNanos) {}

  @Test
  void waitingForTheTargetsWeightsIsCommunication() {
    List<Split> splits =
        Replicas.run(
            LocalCollective.group(2, TinyRun.PATIENCE),
            collective -> {
              int[] rows = RandomViews.rowsOf(collective.rank(), 2);
              try (Device device = device();
                  Replica replica =
                      replica(SMALL, device, new LateBackground(collective), rows.length)) {
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

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void checkpointIsWrittenAndReadWithoutACopyOfTheState(int replicas) {
    Setup setup = SMALL.withHidden(40_000);
    Architecture architecture = new Architecture(setup.network());
    Storage storage = new LocalStorage(temp);
    for (long bytes :
        Replicas.run(
            group(replicas),
            collective -> {
              try (Device device = device();
                  Replica replica = replica(setup, device, collective, Setup.BATCH / replicas)) {
                CheckpointWriter writer =
                    new CheckpointWriter(
                        storage,
                        new CheckpointSettings(1, 2, 0),
                        Retries.standard(),
                        Attempt.FIRST,
                        collective);
                RunState states = new RunState(architecture, device, collective.rank());
                writeAndRead(0, states, replica, writer, storage);
                return HeapUse.of(() -> writeAndRead(1, states, replica, writer, storage));
              }
            })) {
      assertThat(bytes).isLessThan((long) architecture.onlineTable().length() * Float.BYTES);
    }
  }

  private static void writeAndRead(
      long step, RunState states, Replica replica, CheckpointWriter writer, Storage storage) {
    TrainingState state =
        new TrainingState(
            step,
            0,
            new RunIdentity(1, "", "", Map.of()),
            RunState.layout(replica.architecture()),
            Map.of(),
            states.owned(replica));
    states.restore(new CheckpointReader(storage).read(writer.write(state)), replica);
  }

  private static List<Collective> group(int size) {
    return size == 1 ? List.of(Collective.single()) : LocalCollective.group(size, TinyRun.PATIENCE);
  }

  private static Device device() {
    return new OnednnDevice(
        new ComputeSettings("onednn", "fp32", 1, ComputeSettings.Convolution.AUTO));
  }

  private static Replica replica(Setup setup, Device device, Collective collective, int rows) {
    return new Replica(
        device,
        collective,
        new Architecture(setup.network()),
        setup.train(),
        setup.optimizer(),
        setup.target(),
        new ParameterServerSettings(TargetSync.BROADCAST, 0),
        rows,
        setup.imageSize(),
        setup.steps());
  }
}
