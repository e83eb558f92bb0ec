package org.byol4j.spark.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.RemoteIterator;
import org.byol4j.checkpoint.CheckpointException;
import org.byol4j.checkpoint.LeaseSettings;
import org.byol4j.checkpoint.RunLease;
import org.byol4j.checkpoint.RunStorage;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class HadoopLeaseTest {
  private static final Duration LONG = Duration.ofHours(1);

  @TempDir Path folder;
  private RunStorage run;

  @BeforeEach
  void open() throws IOException {
    run =
        new HadoopRunStorage(
            HadoopStorageTest.fileSystem(),
            new org.apache.hadoop.fs.Path(folder.toUri()),
            new LeaseSettings(LONG));
  }

  @Test
  void runIsWrittenToByOneAtATime() {
    RunLease lease = run.lease();
    assertThatThrownBy(run::lease)
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("another process writes to this run")
        .hasMessageContaining("pid=" + ProcessHandle.current().pid())
        .hasMessageContaining("lease.ttl=3600 s");
    lease.close();
    lease.close();

    run.lease().close();
  }

  @Test
  void leaseThatCouldNotBeTakenToTheEndIsReleased() throws IOException {
    FailingLists system = new FailingLists();
    RunStorage failing = on(system, LONG);
    system.failFrom(2);
    assertThatThrownBy(failing::lease).isInstanceOf(IllegalStateException.class);

    run.lease().close();
  }

  @Test
  void signsGoOnAfterAFailureThatNobodyDeclares() throws IOException {
    FailingLists system = new FailingLists();
    Path file = folder.resolve(".lease-000001");
    try (RunLease lease = on(system, Duration.ofSeconds(1)).lease()) {
      system.failFrom(1);
      while (system.failures() == 0) {
        Thread.onSpinWait();
      }
      system.failFrom(Integer.MAX_VALUE);
      FileTime old = FileTime.fromMillis(1_000_000);
      Files.setLastModifiedTime(file, old);
      while (Files.getLastModifiedTime(file).equals(old)) {
        Thread.onSpinWait();
      }
      assertThat(lease.nextAttempt()).isEqualTo(1);
    }
  }

  /** A disk whose lists may fail with what no signature says. */
  private static final class FailingLists extends RawLocalFileSystem {
    private int listsLeft = Integer.MAX_VALUE;
    private int failures;

    FailingLists() throws IOException {
      initialize(Path.of("/").toUri(), new Configuration());
    }

    /** Fails from the given list on, the next one being 1. */
    synchronized void failFrom(int list) {
      listsLeft = list - 1;
    }

    synchronized int failures() {
      return failures;
    }

    @Override
    public synchronized RemoteIterator<FileStatus> listStatusIterator(
        org.apache.hadoop.fs.Path folder) throws IOException {
      if (listsLeft > 0) {
        listsLeft--;
        return super.listStatusIterator(folder);
      }
      failures++;
      throw new IllegalStateException("the client is confused");
    }
  }

  private RunStorage on(FileSystem system, Duration ttl) {
    return new HadoopRunStorage(
        system, new org.apache.hadoop.fs.Path(folder.toUri()), new LeaseSettings(ttl));
  }

  @Test
  void everyAttemptHasANumberOfItsOwn() {
    RunLease lease = run.lease();
    assertThat(lease.nextAttempt()).isEqualTo(1);
    assertThat(lease.nextAttempt()).isEqualTo(2);
    lease.close();

    RunLease next = run.lease();
    assertThat(next.nextAttempt()).isEqualTo(3);
    next.close();
  }

  @Test
  void leaseOfAProcessThatIsGoneIsTakenOverAtOnce() throws IOException {
    LeaseHolder mine = LeaseHolder.ofThisProcess();
    LeaseHolder gone =
        new LeaseHolder("token", mine.machine(), mine.pid(), mine.startedMs() - 1, mine.host());
    Files.writeString(folder.resolve(".lease-000007"), gone.toString());

    try (RunLease lease = run.lease()) {
      assertThat(lease.nextAttempt()).isEqualTo(8);
    }
  }

  @Test
  void leaseOfAnotherMachineHoldsUntilItHasBeenSilentForLong() throws IOException {
    Path file = folder.resolve(".lease-000007");
    LeaseHolder other = new LeaseHolder("token", "another machine", 1, 1, "another");
    Files.writeString(file, other.toString());
    assertThatThrownBy(run::lease).hasMessageContaining("host=another pid=1 attempt=7");

    Files.setLastModifiedTime(
        file, FileTime.fromMillis(System.currentTimeMillis() - LONG.toMillis() - 1000));
    try (RunLease lease = run.lease()) {
      assertThat(lease.nextAttempt()).isEqualTo(8);
    }
  }

  @Test
  void holderGivesSignsOfLife() throws IOException {
    RunStorage hasty =
        new HadoopRunStorage(
            HadoopStorageTest.fileSystem(),
            new org.apache.hadoop.fs.Path(folder.toUri()),
            new LeaseSettings(Duration.ofSeconds(1)));
    Path file = folder.resolve(".lease-000001");
    try (RunLease lease = hasty.lease()) {
      FileTime old = FileTime.fromMillis(1_000_000);
      Files.setLastModifiedTime(file, old);
      while (Files.getLastModifiedTime(file).equals(old)) {
        Thread.onSpinWait();
      }
      assertThat(lease.nextAttempt()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void holderGivesSignsWhereTimesCannotBeSet(boolean saysSo) throws IOException {
    RawLocalFileSystem system =
        new RawLocalFileSystem() {
          @Override
          public void setTimes(org.apache.hadoop.fs.Path file, long modified, long read) {
            if (saysSo) {
              throw new UnsupportedOperationException("no times");
            }
          }
        };
    system.initialize(Path.of("/").toUri(), new Configuration());
    Path file = folder.resolve(".lease-000001");
    try (RunLease lease = on(system, Duration.ofSeconds(1)).lease()) {
      for (int sign = 1; sign <= 2; sign++) {
        FileTime old = FileTime.fromMillis(1_000_000);
        Files.setLastModifiedTime(file, old);
        while (Files.getLastModifiedTime(file).equals(old)) {
          Thread.onSpinWait();
        }
      }
      assertThat(lease.nextAttempt()).isEqualTo(1);
      Optional<LeaseHolder> holder = Optional.empty();
      while (holder.isEmpty()) {
        // a sign that is being written is empty for a moment
        holder = LeaseHolder.parse(Files.readString(file));
      }
      assertThat(holder.get().pid()).isEqualTo(ProcessHandle.current().pid());
    }
  }

  @Test
  void attemptEndsWhenALaterOneHasBegun() throws IOException {
    RunLease lease = run.lease();
    int attempt = lease.nextAttempt();
    run.fence().check(attempt);
    Files.writeString(folder.resolve(".lease-000002"), LeaseHolder.ofThisProcess().toString());

    assertThatThrownBy(() -> run.fence().check(attempt))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("attempt=1 was taken for dead and attempt=2 goes on with the run");
    assertThatThrownBy(lease::nextAttempt).isInstanceOf(CheckpointException.class);
    lease.close();
  }
}
