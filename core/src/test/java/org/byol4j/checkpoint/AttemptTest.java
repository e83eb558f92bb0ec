package org.byol4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.byol4j.collective.Collective;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Writers that were taken for dead, and those that took their place. */
class AttemptTest {
  @TempDir Path folder;

  @Test
  void laterAttemptHasFilesOfItsOwn() throws IOException {
    Storage storage = new LocalStorage(folder);
    States.writer(storage, new Attempt(2, number -> {}), Collective.single()).write(States.at(10));

    assertThat(storage.list("step-0000000010"))
        .contains("manifest-a0002.json", "weights-a0002.f32")
        .doesNotContain("manifest.json", "weights.f32");
    Checkpoint read = new CheckpointReader(storage).readNewest();
    assertThat(read.values(Section.WEIGHTS))
        .isEqualTo(States.array(States.at(10), Section.WEIGHTS));
  }

  @Test
  void runOnADiskCountsItsAttempts() {
    RunStorage run = RunStorage.of(folder);
    try (RunLease lease = run.lease()) {
      assertThat(lease.nextAttempt()).isEqualTo(1);
      assertThat(lease.nextAttempt()).isEqualTo(2);
    }
    try (RunLease lease = run.lease()) {
      assertThat(lease.nextAttempt()).isEqualTo(3);
      run.fence().check(3);
      assertThatThrownBy(() -> run.fence().check(2))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("attempt=2 was taken for dead and attempt=3 goes on");
    }
  }

  @Test
  void revivedWriterCommitsNothing() throws IOException {
    Storage storage = new LocalStorage(folder);
    Attempt revived =
        new Attempt(
            1,
            number -> {
              throw Attempt.superseded("run", number, 2);
            });

    assertThatThrownBy(
            () -> States.writer(storage, revived, Collective.single()).write(States.at(10)))
        .isInstanceOf(CheckpointException.class);
    assertThat(new Checkpoints(storage).complete()).isEmpty();
  }

  @Test
  void writerDeletesNoFileOfALaterAttempt() throws IOException {
    Storage storage = new LocalStorage(folder);
    put(storage, "step-0000000010/weights.f32");
    put(storage, "step-0000000010/weights-a0003.f32");

    States.writer(storage, new Attempt(2, number -> {}), Collective.single()).write(States.at(20));

    assertThat(storage.list("step-0000000010")).containsExactly("weights-a0003.f32");
  }

  @Test
  void writerDeletesNoCheckpointOfALaterAttempt() throws IOException {
    Storage storage = new LocalStorage(folder);
    CheckpointWriter writer =
        States.writer(storage, new Attempt(2, number -> {}), Collective.single());
    writer.write(States.at(0));
    writer.write(States.at(10));
    writer.write(States.at(20));
    put(storage, "step-0000000010/manifest-a0003.json");

    writer.write(States.at(30));

    assertThat(storage.list("step-0000000010")).contains("manifest-a0003.json");
  }

  @Test
  void writerThatIsTakenForDeadWhileItDeletesStops() throws IOException {
    Storage storage = new LocalStorage(folder);
    for (long step : new long[] {0, 10, 20}) {
      States.writer(storage, Attempt.FIRST, Collective.single()).write(States.at(step));
    }
    int[] looks = {0};
    Attempt.Fence fence =
        number -> {
          looks[0]++;
          if (looks[0] > 3) {
            throw Attempt.superseded("run", number, 3);
          }
        };

    assertThatThrownBy(
            () ->
                States.writer(storage, new Attempt(2, fence), Collective.single())
                    .write(States.at(30)))
        .isInstanceOf(CheckpointException.class);
    assertThat(new Checkpoints(storage).complete()).contains("step-0000000010");
  }

  @Test
  void attemptThatBeginsWhileAnOlderOneLooksWhatToDeleteLosesNothing() throws IOException {
    String weights = "step-0000000010/weights-a0003.f32";
    for (int looks = 1; looks <= 8; looks++) {
      Storage storage = new MemoryStorage();
      put(storage, "step-0000000010/weights.f32");
      boolean[] hasBegun = {false};
      Attempt old =
          new Attempt(
              2,
              number -> {
                if (hasBegun[0]) {
                  throw Attempt.superseded("run", number, 3);
                }
              });
      Storage seen =
          afterLooks(
              looks,
              storage,
              () -> {
                hasBegun[0] = true;
                put(storage, weights);
              });
      try {
        States.writer(seen, old, Collective.single()).write(States.at(20));
      } catch (CheckpointException superseded) {
        assertThat(superseded).hasMessageContaining("attempt=3 goes on with the run");
      }
      assertThat(storage.exists(weights)).as("looks=%d", looks).isEqualTo(hasBegun[0]);
    }
  }

  /** Something that another process does. */
  @FunctionalInterface
  private interface Deed {
    void happen() throws IOException;
  }

  /** {@code storage}, on which {@code deed} happens right after an attempt's n-th look at it. */
  private static Storage afterLooks(int n, Storage storage, Deed deed) {
    int[] looks = {0};
    return (Storage)
        Proxy.newProxyInstance(
            Storage.class.getClassLoader(),
            new Class<?>[] {Storage.class},
            (proxy, method, arguments) -> {
              Object result = method.invoke(storage, arguments);
              if (method.getName().equals("list")
                  && arguments[0].equals("step-0000000010")
                  && ++looks[0] == n) {
                deed.happen();
              }
              return result;
            });
  }

  private static void put(Storage storage, String path) throws IOException {
    try (Upload upload = storage.create(path)) {
      upload.write(ByteBuffer.wrap(new byte[] {1}));
      upload.commit();
    }
  }
}
