package org.byol4j.collective;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * The thread on which a replica runs the operations of a {@linkplain Collective#background
 * background handle}, one after the other, while its own thread goes on. Confined to that one.
 */
public final class BackgroundThread implements AutoCloseable {
  private final Collective collective;
  private final String what;
  private final ExecutorService thread;

  /**
   * Makes the thread.
   *
   * @param collective the handle that operations use, which stays the caller's
   * @param what is sent, as in "target weights", for the thread's name and for messages
   */
  public BackgroundThread(Collective collective, String what) {
    this.collective = collective;
    this.what = what;
    this.thread =
        Executors.newSingleThreadExecutor(
            work -> {
              Thread made = new Thread(work, what.replace(' ', '-') + "-" + collective.rank());
              made.setDaemon(true);
              return made;
            });
  }

  /** Runs {@code operation} when those begun before are over. */
  public Future<?> begin(Runnable operation) {
    return thread.submit(operation);
  }

  /**
   * Returns when an operation is over, and throws what it threw.
   *
   * @throws CollectiveException if this thread is interrupted, which it stays; the group fails then
   */
  public void await(Future<?> operation) {
    try {
      operation.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(
          "rank=%d: %s cannot be sent: %s".formatted(collective.rank(), what, e.getCause()),
          e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      String reason = "interrupted while %s were on their way".formatted(what);
      collective.abort(reason);
      throw new CollectiveException(reason, e);
    }
  }

  /**
   * Ends the thread. What was begun comes to its end before: it uses the caller's memory. It does
   * so soon, as it fails with the collective.
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
