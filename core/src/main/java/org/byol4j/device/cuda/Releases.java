package org.byol4j.device.cuda;

import java.util.ArrayDeque;
import java.util.Deque;

/** What is to be released: what was made last goes first, and all of it goes, whatever fails. */
final class Releases {
  private final Deque<Runnable> releases = new ArrayDeque<>();

  /** Adds one, which is run once. */
  void add(Runnable release) {
    releases.push(release);
  }

  /**
   * Runs all.
   *
   * @throws RuntimeException the first that one of them throws, with the others
   */
  void run() {
    RuntimeException first = null;
    while (!releases.isEmpty()) {
      try {
        releases.pop().run();
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  /** Runs all after {@code cause}, which is told rather than what they throw. */
  void runAfter(Throwable cause) {
    try {
      run();
    } catch (RuntimeException e) {
      cause.addSuppressed(e);
    }
  }
}
