package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.byol4j.HeapUse;
import org.byol4j.checkpoint.Attempt;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.CheckpointException;
import org.byol4j.checkpoint.CheckpointReader;
import org.byol4j.checkpoint.CheckpointSettings;
import org.byol4j.checkpoint.CheckpointWriter;
import org.byol4j.checkpoint.LocalStorage;
import org.byol4j.checkpoint.Retries;
import org.byol4j.checkpoint.RunIdentity;
import org.byol4j.checkpoint.Section;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.TrainingState;
import org.byol4j.checkpoint.WeightsDigest;
import org.byol4j.collective.Collective;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.onednn.OnednnDevice;
import org.byol4j.nn.Architecture;
import org.byol4j.paramserver.ParameterServerSettings;
import org.byol4j.paramserver.ParameterServerSettings.TargetSync;
import org.byol4j.paramserver.sharing.GradientEncoder;
import org.byol4j.paramserver.sharing.SharingSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How the state of replicas comes into a checkpoint, and out of it again. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class RunStateTest {
  private static final Setup SMALL = Setup.small();
  private static final ParameterServerSettings SYNCHRONOUS =
      ParameterServerSettings.synchronous(TargetSync.BROADCAST, 0);
  private static final ParameterServerSettings SHARING =
      ParameterServerSettings.sharing(new SharingSettings(1e-3, 1e-3, 0.02, 0.9, 0, 1, 0), 0);

  @TempDir Path temp;

  /** What a replica does with its state. */
  private interface Work<T> {
    T of(int rank, Replica replica, RunState state, CheckpointWriter writer);
  }

  @ParameterizedTest
  @CsvSource({"1, 3", "2, 3", "3, 1", "3, 2"})
  void stateGoesThroughAnotherNumberOfReplicasToTheBit(int before, int after) {
    Storage first = new LocalStorage(temp.resolve("first"));
    Storage second = new LocalStorage(temp.resolve("second"));
    onReplicas(
        SMALL,
        before,
        first,
        (rank, replica, state, writer) -> {
          int[] rows = RandomViews.rowsOf(rank, before);
          replica.step(0, RandomViews.of(SMALL, 0, rows));
          return write(1, replica, state, writer);
        });
    Checkpoint written = new CheckpointReader(first).readNewest();

    onReplicas(
        SMALL,
        after,
        second,
        (rank, replica, state, writer) -> {
          state.restore(written, replica);
          return write(1, replica, state, writer);
        });

    assertThat(WeightsDigest.of(new CheckpointReader(second).readNewest()))
        .isEqualTo(WeightsDigest.of(written))
        .doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @CsvSource({"2, 2", "1, 3", "3, 1", "3, 2", "5, 2"})
  void residualsAddUpToTheSameOnAnotherNumberOfReplicas(int before, int after) {
    Storage first = new LocalStorage(temp.resolve("first"));
    Storage second = new LocalStorage(temp.resolve("second"));
    onReplicas(
        SMALL,
        SHARING,
        before,
        first,
        (rank, replica, state, writer) -> {
          GradientEncoder encoder = replica.encoder().orElseThrow();
          encoder.writeResidual(0, residual(rank, encoder.elements()));
          return write(1, replica, state, writer);
        });
    Checkpoint written = new CheckpointReader(first).readNewest();
    onReplicas(
        SMALL,
        SHARING,
        after,
        second,
        (rank, replica, state, writer) -> {
          state.restore(written, replica);
          return write(1, replica, state, writer);
        });

    float[] all = new CheckpointReader(second).readNewest().values(Section.RESIDUAL);
    int length = all.length / after;
    for (int rank = 0; rank < after; rank++) {
      float[] expected = new float[length];
      for (int writer = rank; writer < before; writer += after) {
        float[] some = residual(writer, length).array();
        for (int i = 0; i < length; i++) {
          expected[i] += some[i];
        }
      }
      assertThat(Arrays.copyOfRange(all, rank * length, (rank + 1) * length))
          .as("rank=%d", rank)
          .containsExactly(expected);
    }
  }

  private static FloatBuffer residual(int rank, int length) {
    Random random = new Random(rank);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return FloatBuffer.wrap(values);
  }

  @Test
  void checkpointWithoutResidualBeginsWithNone() {
    Storage storage = new LocalStorage(temp);
    onReplicas(
        SMALL, 1, storage, (rank, replica, state, writer) -> write(1, replica, state, writer));
    Checkpoint written = new CheckpointReader(storage).readNewest();

    onReplicas(
        SMALL,
        SHARING,
        2,
        storage,
        (rank, replica, state, writer) -> {
          state.restore(written, replica);
          GradientEncoder encoder = replica.encoder().orElseThrow();
          FloatBuffer residual = FloatBuffer.allocate(encoder.elements());
          encoder.readResidual(0, residual);
          assertThat(residual.array()).containsOnly(0f);
          return rank;
        });
  }

  @Test
  void checkpointOfAnotherNetworkIsRefused() {
    Storage storage = new LocalStorage(temp);
    onReplicas(
        SMALL, 1, storage, (rank, replica, state, writer) -> write(1, replica, state, writer));
    Checkpoint written = new CheckpointReader(storage).readNewest();

    onReplicas(
        SMALL.withHidden(17),
        1,
        storage,
        (rank, replica, state, writer) -> {
          assertThatThrownBy(() -> state.restore(written, replica))
              .isInstanceOf(CheckpointException.class)
              .hasMessageContaining("slices are not those of this network");
          return rank;
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void stateIsWrittenAndReadWithoutACopyOfIt(int replicas) {
    Setup setup = SMALL.withHidden(40_000);
    Storage storage = new LocalStorage(temp);
    long weightsBytes =
        (long) new Architecture(setup.network()).onlineTable().length() * Float.BYTES;
    for (long bytes :
        onReplicas(
            setup,
            replicas,
            storage,
            (rank, replica, state, writer) -> {
              writeAndRead(0, replica, state, writer, storage);
              return HeapUse.of(() -> writeAndRead(1, replica, state, writer, storage));
            })) {
      assertThat(bytes).isLessThan(weightsBytes);
    }
  }

  private static void writeAndRead(
      long step, Replica replica, RunState state, CheckpointWriter writer, Storage storage) {
    state.restore(new CheckpointReader(storage).read(write(step, replica, state, writer)), replica);
  }

  private static String write(long step, Replica replica, RunState state, CheckpointWriter writer) {
    return writer.write(
        new TrainingState(
            step,
            0,
            new RunIdentity(1, "", "", Map.of()),
            RunState.layout(replica.architecture()),
            Map.of(),
            List.of(),
            state.owned(replica)));
  }

  private static <T> List<T> onReplicas(Setup setup, int size, Storage storage, Work<T> work) {
    return onReplicas(setup, SYNCHRONOUS, size, storage, work);
  }

  private static <T> List<T> onReplicas(
      Setup setup, ParameterServerSettings server, int size, Storage storage, Work<T> work) {
    List<Collective> group =
        size == 1 ? List.of(Collective.single()) : LocalCollective.group(size, TinyRun.PATIENCE);
    return Replicas.run(
        group,
        collective -> {
          int rank = collective.rank();
          try (Device device =
                  new OnednnDevice(
                      new ComputeSettings(
                          "onednn",
                          "fp32",
                          1,
                          ComputeSettings.Convolution.AUTO,
                          ComputeSettings.Graphs.AUTO));
              Replica replica =
                  replica(
                      setup, server, device, collective, RandomViews.rowsOf(rank, size).length)) {
            CheckpointWriter writer =
                new CheckpointWriter(
                    storage,
                    new CheckpointSettings(1, 2, 0),
                    Retries.standard(),
                    Attempt.FIRST,
                    collective);
            return work.of(
                rank, replica, new RunState(replica.architecture(), device, rank, size), writer);
          }
        });
  }

  private static Replica replica(
      Setup setup, ParameterServerSettings server, Device device, Collective collective, int rows) {
    return new Replica(
        device,
        collective,
        new Architecture(setup.network()),
        setup.train(),
        setup.optimizer(),
        setup.target(),
        server,
        rows,
        setup.imageSize(),
        setup.steps());
  }
}
