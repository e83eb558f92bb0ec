package org.byol4j.spark;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.byol4j.train.LostReplicaException;
import org.byol4j.train.StopSignal;

/**
 * Watches a launch until all its replicas run. Spark starts the tasks of a barrier stage when it
 * has a free slot for each, and says nothing: without this one a launch whose executor dies just
 * before would wait for ever, deaf to signals.
 */
final class StartWatch implements AutoCloseable {
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);
  private static final Duration BETWEEN_LINES = Duration.ofSeconds(10);

  private final Launch launch;
  private final int replicas;
  private final Duration patience;
  private final StopSignal stop;
  private final LostExecutors lost;
  private final Runnable cancel;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile Optional<RuntimeException> givenUp = Optional.empty();

  /**
   * Begins to watch.
   *
   * @param patience how long all replicas may take to start
   * @param stop gives the launch up at once
   * @param cancel has Spark end the job; called until it has ended
   */
  StartWatch(
      Launch launch,
      int replicas,
      Duration patience,
      StopSignal stop,
      LostExecutors lost,
      Runnable cancel) {
    this.launch = launch;
    this.replicas = replicas;
    this.patience = patience;
    this.stop = stop;
    this.lost = lost;
    this.cancel = cancel;
    Thread thread = new Thread(this::watch, "replicas-start");
    thread.setDaemon(true);
    thread.start();
  }

  /** Why the launch was given up; empty if it was not. */
  Optional<RuntimeException> givenUp() {
    return givenUp;
  }

  private void watch() {
    long start = System.nanoTime();
    long lines = 0;
    while (!isClosed() && launch.started() < replicas) {
      Duration waited = Duration.ofNanos(System.nanoTime() - start);
      if (stop.isRequested()) {
        giveUp(
            new CancellationException(
                "stopped while replicas were started: replicas=%d running=%d"
                    .formatted(replicas, launch.started())));
        return;
      }
      if (waited.compareTo(patience) > 0) {
        String reason =
            "replicas=%d running=%d after %d s, expected Spark to start all within that%s"
                .formatted(replicas, launch.started(), patience.toSeconds(), lost.last());
        giveUp(new LostReplicaException(reason, new NoSlotsException(reason)));
        return;
      }
      if (waited.compareTo(BETWEEN_LINES.multipliedBy(lines + 1)) > 0) {
        lines++;
        launch.says(
            ("waiting for slots: replicas=%d running=%d after %d s;"
                    + " a frozen executor keeps its slot until Spark removes it")
                .formatted(replicas, launch.started(), waited.toSeconds()));
      }
    }
  }

  private void giveUp(RuntimeException reason) {
    givenUp = Optional.of(reason);
    while (!isClosed()) {
      // the job may not have begun when it was cancelled the last time
      cancel.run();
    }
  }

  /** Looks after a while. */
  private boolean isClosed() {
    try {
      return closed.await(BETWEEN_LOOKS.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  @Override
  public void close() {
    closed.countDown();
  }
}
