package org.byol4j.collective.tcp;

/** Waits for threads that are about to end. */
final class Threads {
  private Threads() {}

  /** Returns when {@code thread} has ended; an interruption is kept for later. */
  static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
