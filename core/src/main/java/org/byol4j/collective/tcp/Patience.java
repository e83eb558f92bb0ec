package org.byol4j.collective.tcp;

/**
 * How long a thread that waits looks again and again before it sleeps. Looking is what makes small
 * operations fast, and it takes the processor from who has work: so the time doubles, up to a
 * limit, whenever it was worth it, and halves whenever the thread had to sleep all the same.
 */
final class Patience {
  /** The least that is tried is this part of the most, so that better times are noticed. */
  private static final int SMALLEST_PART = 32;

  private final long most;
  private final long least;
  private long nanos;

  Patience(long mostNanos) {
    this.most = mostNanos;
    this.least = mostNanos / SMALLEST_PART;
    this.nanos = mostNanos;
  }

  /** How long to look now, in nanoseconds. */
  long nanos() {
    return nanos;
  }

  void rewarded() {
    nanos = Math.min(most, 2 * nanos);
  }

  void inVain() {
    nanos = Math.max(least, nanos / 2);
  }
}
