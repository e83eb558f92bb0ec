package org.byol4j.paramserver;

import java.util.Optional;
import java.util.concurrent.Future;
import org.byol4j.collective.BackgroundThread;
import org.byol4j.collective.Collective;
import org.byol4j.collective.Vector;

/**
 * Sends the owners' new target weights to all replicas on a thread and a way of its own, while the
 * next step loads data and runs the online network.
 */
final class TargetBroadcast implements AutoCloseable {
  private final Collective collective;
  private final Vector target;
  private final long[] bounds;
  private final BackgroundThread thread;
  private Optional<Future<?>> underway = Optional.empty();

  TargetBroadcast(Collective collective, Vector target, long[] bounds) {
    this.collective = collective.background();
    this.target = target;
    this.bounds = bounds;
    this.thread = new BackgroundThread(this.collective, "target weights");
  }

  /** Begins to send; the target weights must not be touched before {@link #await}. */
  void begin() {
    underway = Optional.of(thread.begin(() -> collective.allGather(target, bounds)));
  }

  /** Returns when everything that was begun has arrived. */
  void await() {
    if (underway.isEmpty()) {
      return;
    }
    Future<?> arrival = underway.get();
    underway = Optional.empty();
    thread.await(arrival);
  }

  /** Ends the thread, after a transfer under way, which uses the target's memory. */
  @Override
  public void close() {
    thread.close();
  }
}
