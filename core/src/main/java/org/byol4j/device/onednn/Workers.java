package org.byol4j.device.onednn;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads that share a device's Java loops with the thread that drives it. A loop is cut into
 * pieces by the shape of its data, never by the number of threads, and each piece writes only its
 * own results: who runs which piece changes no bit.
 */
final class Workers implements AutoCloseable {

  /** A loop cut into pieces. */
  @FunctionalInterface
  interface Task {
    /**
     * Runs one piece.
     *
     * @param worker which thread runs it, for scratch memory; 0 is the thread that drives the
     *     device
     */
    void run(int piece, int worker);
  }

  private static final int SPINS = 2000;

  private final Thread[] threads;
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger running = new AtomicInteger();
  private Task task = (piece, worker) -> {};
  private int pieces;
  private final AtomicInteger generation = new AtomicInteger();
  private volatile boolean closed;
  private volatile Throwable failure;

  /**
   * @param count threads in all, the calling one included
   */
  Workers(int count) {
    threads = new Thread[count - 1];
    for (int i = 0; i < threads.length; i++) {
      int worker = i + 1;
      threads[i] = new Thread(() -> serve(worker), "onednn-worker-" + worker);
      threads[i].setDaemon(true);
      threads[i].start();
    }
  }

  /** How many threads there are, the one that drives the device included. */
  int count() {
    return threads.length + 1;
  }

  /** Runs all pieces and returns when they are done. */
  void run(Task loop, int pieceCount) {
    if (threads.length == 0 || pieceCount == 1) {
      for (int piece = 0; piece < pieceCount; piece++) {
        loop.run(piece, 0);
      }
      return;
    }
    task = loop;
    pieces = pieceCount;
    next.set(0);
    running.set(threads.length);
    generation.incrementAndGet();
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
    }
    takePieces(0);
    while (running.get() > 0) {
      Thread.onSpinWait();
    }
    rethrow();
  }

  private void takePieces(int worker) {
    Task loop = task;
    int end = pieces;
    try {
      for (int piece = next.getAndIncrement(); piece < end; piece = next.getAndIncrement()) {
        loop.run(piece, worker);
      }
    } catch (RuntimeException | Error e) {
      failure = e;
    }
  }

  private void rethrow() {
    Throwable thrown = failure;
    if (thrown != null) {
      failure = null;
      throw new IllegalStateException("a loop of the device failed: " + thrown, thrown);
    }
  }

  private void serve(int worker) {
    int seen = 0;
    while (true) {
      int spins = 0;
      while (generation.get() == seen && !closed) {
        if (++spins < SPINS) {
          Thread.onSpinWait();
        } else {
          LockSupport.park(this);
        }
      }
      if (closed) {
        return;
      }
      seen = generation.get();
      takePieces(worker);
      running.decrementAndGet();
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
    }
  }
}
