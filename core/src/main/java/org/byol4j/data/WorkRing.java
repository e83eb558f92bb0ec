package org.byol4j.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A ring of slots that worker threads fill ahead of a consumer, row by row, and that the consumer
 * takes in order.
 *
 * <p>A slot goes through: free, begun (its rows are given to workers in turn), filled, taken, free
 * again. What a slot holds depends on its sequence number only, never on which worker filled which
 * row. A row that fails makes {@link #take} fail when the consumer comes to its slot, with the
 * failure of the lowest such row; later slots are no longer reached.
 */
final class WorkRing implements AutoCloseable {

  /** What is filled. */
  interface Work {
    /** Says what slot {@code slot} holds next; returns its number of rows. Calls never overlap. */
    int begin(int slot, long sequence);

    /** Makes what one thread needs to fill rows; called by that thread. */
    Worker newWorker();
  }

  /** One thread's means of filling rows. */
  interface Worker extends AutoCloseable {
    /** Fills row {@code row} of slot {@code slot}. */
    void fill(int slot, int row);

    @Override
    void close();
  }

  private static final int NO_ROW = Integer.MAX_VALUE;

  private final Work work;
  private final int slots;
  private final long end;
  private final List<Thread> threads = new ArrayList<>();

  // all guarded by this
  private final boolean[] free;
  private final int[] rowsLeft;
  private final int[] failedRow;
  private final Throwable[] failure;
  private long begun;
  private long taken;
  private int rowsToGive;
  private int rowsGiven;
  private long waitedNanos;
  private Throwable broken;
  private boolean closed;

  /**
   * A ring whose threads begin at once.
   *
   * @param name of the threads
   * @param workers how many threads
   * @param slots how many slots, of which the consumer holds some
   * @param end the number of slots to fill in all
   */
  WorkRing(String name, int workers, int slots, long end, Work work) {
    this.work = work;
    this.slots = slots;
    this.end = end;
    this.free = new boolean[slots];
    this.rowsLeft = new int[slots];
    this.failedRow = new int[slots];
    this.failure = new Throwable[slots];
    Arrays.fill(free, true);
    for (int i = 0; i < workers; i++) {
      Thread thread = new Thread(this::run, name + "-" + i);
      thread.setDaemon(true);
      threads.add(thread);
    }
    threads.forEach(Thread::start);
  }

  /**
   * Waits for the next slot to be filled and hands it to the consumer.
   *
   * @throws IllegalStateException if the ring is closed, all slots were taken, or the thread is
   *     interrupted, which it stays
   */
  int take() {
    long since = 0;
    synchronized (this) {
      if (taken == end) {
        throw new IllegalStateException("nothing is left to take: taken=" + taken);
      }
      int slot = (int) (taken % slots);
      while (!closed && broken == null && (begun <= taken || rowsLeft[slot] > 0)) {
        since = since == 0 ? System.nanoTime() : since;
        try {
          wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IllegalStateException("interrupted while waiting for data", e);
        }
      }
      if (since != 0) {
        waitedNanos += System.nanoTime() - since;
      }
      if (closed) {
        throw new IllegalStateException("closed while waiting for data");
      }
      rethrow(broken);
      rethrow(failure[slot]);
      taken++;
      return slot;
    }
  }

  /** Whether {@link #take} would return at once. */
  synchronized boolean isReady() {
    int slot = (int) (taken % slots);
    return !closed
        && broken == null
        && begun > taken
        && rowsLeft[slot] == 0
        && failure[slot] == null;
  }

  /** Gives a slot back that was taken. */
  synchronized void release(int slot) {
    free[slot] = true;
    notifyAll();
  }

  /** How long {@link #take} has waited, over all calls. */
  synchronized long waitedNanos() {
    return waitedNanos;
  }

  /** Ends the threads, each after the row that it is at; waits for them. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try (Worker worker = work.newWorker()) {
      Niceness.giveWay();
      long claim = claim();
      while (claim >= 0) {
        int slot = (int) (claim >>> 32);
        int row = (int) claim;
        Throwable failed = null;
        try {
          worker.fill(slot, row);
        } catch (Throwable e) {
          failed = e;
        }
        filled(slot, row, failed);
        claim = claim();
      }
    } catch (Throwable e) {
      giveUp(e);
    }
  }

  private synchronized void giveUp(Throwable e) {
    broken = e;
    notifyAll();
  }

  /** Waits for a row to fill: slot in the upper half, row in the lower; -1 at the end. */
  private synchronized long claim() {
    while (!closed) {
      if (rowsGiven < rowsToGive) {
        int slot = (int) ((begun - 1) % slots);
        return (long) slot << 32 | rowsGiven++;
      }
      int next = (int) (begun % slots);
      if (begun == end) {
        return -1;
      }
      if (free[next]) {
        begin(next);
        continue;
      }
      try {
        wait();
      } catch (InterruptedException e) {
        // nobody interrupts these threads but to end them
        return -1;
      }
    }
    return -1;
  }

  private void begin(int slot) {
    free[slot] = false;
    failedRow[slot] = NO_ROW;
    rowsToGive = work.begin(slot, begun);
    rowsGiven = 0;
    rowsLeft[slot] = rowsToGive;
    begun++;
    if (rowsToGive > 1) {
      notifyAll();
    }
  }

  private synchronized void filled(int slot, int row, Throwable failed) {
    if (failed != null && row < failedRow[slot]) {
      failedRow[slot] = row;
      failure[slot] = failed;
    }
    if (--rowsLeft[slot] == 0) {
      notifyAll();
    }
  }

  /** Throws what a worker threw, if it did; workers throw nothing checked. */
  private static void rethrow(Throwable thrown) {
    if (thrown instanceof Error e) {
      throw e;
    }
    if (thrown instanceof RuntimeException e) {
      throw e;
    }
  }
}
