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
    void sleep(Duration pause) throws InterruptedException;
  }

  /** Something that storage may refuse. */
  @FunctionalInterface
  public interface Attempt<T> {
    T run() throws IOException;
  }

  private final int tries;
  private final Duration firstPause;
  private final Sleeper sleeper;

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
   * Runs {@code attempt} until it succeeds.
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
