package org.byol4j.spark;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.CollectiveException;
import org.byol4j.train.LostReplicaException;
import org.byol4j.train.StopSignal;

/**
 * Watches a launch until all its replicas are connected with each other. Spark starts the tasks of
 * a barrier stage when it has a free slot for each, and says nothing: without this one a launch
 * whose executor dies just before would wait for ever, deaf to signals. Then each replica copies
 * its images, as long as that takes, if only something comes.
 */
final class StartWatch implements AutoCloseable {
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(200);

  private final Launch launch;
  private final int replicas;
  private final Patience patience;
  private final StopSignal stop;
  private final LostExecutors lost;
  private final Runnable cancel;
  private final long start = System.nanoTime();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile Optional<RuntimeException> givenUp = Optional.empty();
  private long lines;

  /**
   * How long a launch may take to its first step.
   *
   * @param toStart how long Spark may take to start all replicas
   * @param withoutNews how long they may all stay where they are afterwards
   * @param betweenLines how often it is told how far they are
   */
  record Patience(Duration toStart, Duration withoutNews, Duration betweenLines) {}

  /**
   * Begins to watch.
   *
   * @param stop gives the launch up at once
   * @param cancel has Spark end the job; called until it has ended
   */
  StartWatch(
      Launch launch,
      int replicas,
      Patience patience,
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
    if (awaitStart()) {
      awaitTogether();
    }
  }

  /** Returns whether all replicas run. */
  private boolean awaitStart() {
    while (!isClosed()) {
      int running = launch.arrivals().started();
      if (running >= replicas) {
        return true;
      }
      if (stop.isRequested()) {
        giveUp(
            new CancellationException(
                "stopped while replicas were started: replicas=%d running=%d"
                    .formatted(replicas, running)));
        return false;
      }
      if (waited().compareTo(patience.toStart()) > 0) {
        String reason =
            "replicas=%d running=%d after %d s, expected Spark to start all within that%s"
                .formatted(replicas, running, patience.toStart().toSeconds(), lost.last());
        giveUp(new LostReplicaException(reason, new NoSlotsException(reason)));
        return false;
      }
      if (isTimeForALine()) {
        launch.says(
            ("waiting for slots: replicas=%d running=%d after %d s;"
                    + " a frozen executor keeps its slot until Spark removes it")
                .formatted(replicas, running, waited().toSeconds()));
      }
    }
    return false;
  }

  private void awaitTogether() {
    Arrivals arrivals = launch.arrivals();
    boolean isTold = false;
    while (!isClosed() && !arrivals.areTogether(replicas)) {
      if (stop.isRequested()) {
        giveUp(
            new CancellationException(
                "stopped before the first step: replicas=%d %s"
                    .formatted(replicas, arrivals.describe())));
        return;
      }
      if (arrivals.sinceNews().compareTo(patience.withoutNews()) > 0) {
        String reason =
            "replicas=%d are not together, and nothing has come for %d s: %s%s"
                .formatted(
                    replicas, patience.withoutNews().toSeconds(), arrivals.describe(), lost.last());
        giveUp(new LostReplicaException(reason, new CollectiveException(reason)));
        return;
      }
      if (arrivals.areCopying() && (isTimeForALine() || !isTold)) {
        isTold = true;
        launch.says(
            "copying images to executors: replicas=%d %s after %d s"
                .formatted(replicas, arrivals.describe(), waited().toSeconds()));
      }
    }
  }

  private Duration waited() {
    return Duration.ofNanos(System.nanoTime() - start);
  }

  /** Whether another line is due; each is due once. */
  private boolean isTimeForALine() {
    boolean isTime = waited().compareTo(patience.betweenLines().multipliedBy(lines + 1)) > 0;
    lines += isTime ? 1 : 0;
    return isTime;
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
