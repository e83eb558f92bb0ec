package org.byol4j.checkpoint;

import java.io.IOException;
import java.time.Duration;

/**
 * How often a refused operation is tried, and how long one waits in between: first {@code
 * firstPause}, then twice as long each time.
 */
public final class Retries {

  /** Lets time pass; a test's own lets none pass. */
  @FunctionalInterface
  public interface Sleeper {
    /**
     * Returns when {@code pause} has passed.
     *
     * @throws InterruptedException if the thread is interrupted meanwhile: nothing is tried any
     *     more
     */
    void sleep(Duration pause) throws InterruptedException;
  }

  /** Something that storage may refuse. */
  @FunctionalInterface
  public interface Attempt<T> {
    /**
     * Tries once, on the thread that asked for it. It may run again after a failure, so it must not
     * build on what a try that failed has left.
     *
     * @throws IOException if it was refused, and may be tried again; whatever else it throws ends
     *     the tries
     */
    T run() throws IOException;
  }

  private final int tries;
  private final Duration firstPause;
  private final Sleeper sleeper;

  /**
   * Retries of one's own making; {@link #standard} are those of a run.
   *
   * @param tries how often something is tried at most, the first time included, at least 1
   * @param firstPause the pause before the second try; doubled before each further one
   * @param sleeper what waits, on the thread that tries
   * @throws IllegalArgumentException if {@code tries} is below 1
   */
  public Retries(int tries, Duration firstPause, Sleeper sleeper) {
    if (tries < 1) {
      throw new IllegalArgumentException("tries=%d, expected at least 1".formatted(tries));
    }
    this.tries = tries;
    this.firstPause = firstPause;
    this.sleeper = sleeper;
  }

  /** Four tries within seven seconds, on the real clock. */
  public static Retries standard() {
    return new Retries(4, Duration.ofSeconds(1), pause -> Thread.sleep(pause.toMillis()));
  }

  int tries() {
    return tries;
  }

  /**
   * Runs {@code attempt} until it succeeds, on the calling thread, which waits in between. A thread
   * that is interrupted while it waits stays interrupted and does not try again.
   *
   * @throws IOException of the last try; those of the others are suppressed in it
   */
  public <T> T run(Attempt<T> attempt) throws IOException {
    IOException earlier = null;
    Duration pause = firstPause;
    for (int tried = 1; ; tried++) {
      try {
        return attempt.run();
      } catch (IOException e) {
        if (earlier != null) {
          e.addSuppressed(earlier);
        }
        if (tried == tries || !slept(pause)) {
          throw e;
        }
        earlier = e;
        pause = pause.multipliedBy(2);
      }
    }
  }

  private boolean slept(Duration pause) {
    try {
      sleeper.sleep(pause);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
