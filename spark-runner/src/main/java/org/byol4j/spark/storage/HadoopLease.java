package org.byol4j.spark.storage;

import java.io.IOException;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.byol4j.checkpoint.Attempt;
import org.byol4j.checkpoint.CheckpointException;
import org.byol4j.checkpoint.LeaseSettings;
import org.byol4j.checkpoint.RunLease;
import org.byol4j.checkpoint.StorageException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The lease of a run on a Hadoop file system: the file of the highest number, which is also that of
 * the attempt, and which its holder touches four times in {@code lease.ttl}.
 *
 * <p>A taker creates the file with the next number. Where files are created exclusively only one of
 * several takers succeeds. On an object store the last one does: each waits, reads again, and gives
 * way if it finds another's name. A taker that is held up for longer than that wait is not noticed
 * by then; it is by the fence, at the next checkpoint.
 *
 * <p>The clocks of the machines should agree to a quarter of {@code lease.ttl}.
 */
final class HadoopLease implements RunLease {
  private static final Logger LOG = LoggerFactory.getLogger(HadoopLease.class);
  private static final int SIGNS_PER_TTL = 4;

  private final String location;
  private final LeaseFiles files;
  private final LeaseHolder holder;
  private final boolean isObjectStore;
  private final Duration settling;
  private final ScheduledExecutorService signs =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "lease-of-run");
            thread.setDaemon(true);
            return thread;
          });
  private int number;
  private boolean used;
  private boolean closed;

  private HadoopLease(
      String location, LeaseFiles files, LeaseHolder holder, boolean isObjectStore, Duration wait) {
    this.location = location;
    this.files = files;
    this.holder = holder;
    this.isObjectStore = isObjectStore;
    this.settling = wait;
  }

  /**
   * Takes the lease of the run in {@code run}.
   *
   * @param settling how long a taker waits on an object store before it reads again
   * @throws CheckpointException if somebody holds it
   * @throws StorageException if the folder cannot be written to
   */
  static HadoopLease take(FileSystem system, Path run, LeaseSettings settings, Duration settling) {
    LeaseFiles files = new LeaseFiles(system, run);
    HadoopLease lease =
        new HadoopLease(
            run.toString(),
            files,
            LeaseHolder.ofThisProcess(),
            HadoopStorage.isObjectStore(system),
            settling);
    try {
      int newest = files.newest();
      lease.expectFree(newest, settings.ttl());
      lease.claim(newest + 1);
    } catch (IOException e) {
      lease.close();
      throw lease.unwritable(e);
    } catch (RuntimeException e) {
      lease.close();
      throw e;
    }
    long period = settings.ttl().toMillis() / SIGNS_PER_TTL;
    Future<?> unused =
        lease.signs.scheduleWithFixedDelay(lease::sign, period, period, TimeUnit.MILLISECONDS);
    return lease;
  }

  private void expectFree(int newest, Duration ttl) throws IOException {
    OptionalLong lastSignMs = files.lastSignMs(newest);
    if (newest == 0 || files.isReleased(newest) || lastSignMs.isEmpty()) {
      return;
    }
    long silenceMs = System.currentTimeMillis() - lastSignMs.getAsLong();
    LeaseHolder other =
        LeaseHolder.parse(files.read(newest)).orElse(new LeaseHolder("", "", 0, 0, "unknown"));
    if (silenceMs > ttl.toMillis() || other.isGone()) {
      LOG.warn(
          "{}: taking the run over from attempt={} host={} pid={}, silent for {} ms",
          location,
          newest,
          other.host(),
          other.pid(),
          silenceMs);
      return;
    }
    throw new CheckpointException(
        "%s: another process writes to this run, host=%s pid=%d attempt=%d, expected none; it counts as dead after a silence of lease.ttl=%d s"
            .formatted(location, other.host(), other.pid(), newest, ttl.toSeconds()));
  }

  private synchronized void claim(int wanted) throws IOException {
    boolean isOurs = files.create(wanted, holder);
    if (isOurs && isObjectStore) {
      pause();
      isOurs = files.read(wanted).equals(holder.toString());
    }
    if (isOurs) {
      // whatever fails from here on, close() releases it
      number = wanted;
    }
    if (!isOurs || files.newest() != wanted) {
      throw new CheckpointException(
          "%s: another process has just begun attempt=%d, expected none"
              .formatted(location, files.newest()));
    }
    files.deleteBefore(wanted);
  }

  private void pause() throws IOException {
    try {
      Thread.sleep(settling.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while taking a lease", e);
    }
  }

  @Override
  public synchronized int nextAttempt() {
    if (!used) {
      used = true;
      return number;
    }
    try {
      int newest = files.newest();
      if (newest != number) {
        throw Attempt.superseded(location, number, newest);
      }
      claim(number + 1);
    } catch (IOException e) {
      throw unwritable(e);
    }
    return number;
  }

  private synchronized void sign() {
    if (closed) {
      return;
    }
    try {
      if (files.newest() == number) {
        files.touch(number, holder, System.currentTimeMillis());
      }
    } catch (IOException | RuntimeException e) {
      // one that escapes would end the signs, and nobody would hear of it
      LOG.warn("{}: the lease cannot be renewed, attempt={}: {}", location, number, e.toString());
    }
  }

  private StorageException unwritable(IOException cause) {
    return new StorageException("%s: no lease: %s".formatted(location, cause), cause);
  }

  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    signs.shutdownNow();
    if (number == 0) {
      return;
    }
    try {
      files.release(number);
    } catch (IOException e) {
      LOG.warn("{}: the lease runs out by itself, attempt={}: {}", location, number, e.toString());
    }
  }
}
