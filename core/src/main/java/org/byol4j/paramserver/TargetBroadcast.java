package org.byol4j.paramserver;

import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.Vector;

/**
 * Sends the owners' new target weights to all replicas on a thread and a way of its own, while the
 * next step loads data and runs the online network.
 */
final class TargetBroadcast implements AutoCloseable {
  private final Collective collective;
  private final Vector target;
  private final long[] bounds;
  private final ExecutorService thread;
  private Optional<Future<?>> underway = Optional.empty();

  TargetBroadcast(Collective collective, Vector target, long[] bounds) {
    this.collective = collective.background();
    this.target = target;
    this.bounds = bounds;
    this.thread =
        Executors.newSingleThreadExecutor(
            work -> {
              Thread made = new Thread(work, "target-broadcast-" + collective.rank());
              made.setDaemon(true);
              return made;
            });
  }

  /** Begins to send; the target weights must not be touched before {@link #await}. */
  void begin() {
    underway = Optional.of(thread.submit(() -> collective.allGather(target, bounds)));
  }

  /** Returns when everything that was begun has arrived. */
  void await() {
    if (underway.isEmpty()) {
      return;
    }
    Future<?> arrival = underway.get();
    underway = Optional.empty();
    try {
      arrival.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException("target weights cannot be sent", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      collective.abort("interrupted while target weights were on their way");
      throw new CollectiveException("interrupted while target weights were on their way", e);
    }
  }

  /**
   * Ends the thread. A transfer under way comes to its end before: it uses the target's memory. It
   * does so soon, as it fails with the collective.
   */
  @Override
  public void close() {
    thread.shutdown();
    boolean isInterrupted = false;
    boolean isOver = false;
    while (!isOver) {
      try {
        isOver = thread.awaitTermination(1, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        isInterrupted = true;
      }
    }
    if (isInterrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
