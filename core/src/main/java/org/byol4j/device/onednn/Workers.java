package org.byol4j.device.onednn;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that run a device's Java loops: the team of the thread that drives it, on which
 * oneDNN's own loops run too. A loop is cut into pieces by the shape of its data, never by the
 * number of threads, and each piece writes only its own results: who runs which piece changes no
 * bit.
 */
final class Workers {

  /** A loop cut into pieces. */
  @FunctionalInterface
  interface Task {
    /**
     * Runs one piece.
     *
     * @param worker which thread runs it, for scratch memory, from 0
     */
    void run(int piece, int worker);
  }

  private final OpenMp openMp;
  private final int count;
  private final OpenMp.Region region = OpenMp.attached(this::takePieces);
  private final AtomicInteger arrived = new AtomicInteger();
  private final AtomicInteger next = new AtomicInteger();
  private final AtomicInteger finished = new AtomicInteger();
  private Task task = (piece, worker) -> {};
  private int pieces;
  private volatile Throwable failure;

  /**
   * @param count threads in all, the calling one included
   */
  Workers(OpenMp openMp, int count) {
    this.openMp = openMp;
    this.count = count;
  }

  /** How many threads there are, the one that drives the device included. */
  int count() {
    return count;
  }

  /** Runs all pieces and returns when they are done. */
  void run(Task loop, int pieceCount) {
    if (count == 1 || pieceCount == 1) {
      for (int piece = 0; piece < pieceCount; piece++) {
        loop.run(piece, 0);
      }
      return;
    }
    task = loop;
    pieces = pieceCount;
    finished.set(0);
    arrived.set(0);
    // what was written above is seen by who takes a piece, and what they write by who counts them
    next.set(0);
    openMp.parallel(region, count);
    int done = finished.get();
    rethrow();
    if (done != pieceCount) {
      throw new IllegalStateException(
          "a loop of the device ran pieces=%d of %d".formatted(done, pieceCount));
    }
  }

  private void takePieces(long data) {
    try {
      int piece = next.getAndIncrement();
      int worker = arrived.getAndIncrement();
      while (piece < pieces) {
        task.run(piece, worker);
        finished.incrementAndGet();
        piece = next.getAndIncrement();
      }
    } catch (Throwable e) {
      // must not reach native code
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
}
