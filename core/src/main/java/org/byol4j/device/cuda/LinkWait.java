package org.byol4j.device.cuda;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * How a thread waits for its GPU while other replicas are needed for that: it looks again and
 * again, since a wait within the driver could not be ended when one of them is lost.
 */
final class LinkWait {
  private static final long SPIN_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
  private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(20);
  private static final long BETWEEN_LOOKS_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final GpuLink link;
  private final long timeoutNanos;
  private final int rank;

  /**
   * @param timeout how long a wait may take
   * @param rank this replica's, for messages
   */
  LinkWait(GpuLink link, Duration timeout, int rank) {
    this.link = link;
    this.timeoutNanos = timeout.toNanos();
    this.rank = rank;
  }

  /**
   * Returns when everything that was started is done, or it is over.
   *
   * @param operation what is waited for, for messages
   * @param isOver whether somebody has failed; nobody waits then
   * @param fail hears why this wait ends the group, which is then over: a problem of the
   *     connection, an interrupt, or the time
   */
  void run(String operation, BooleanSupplier isOver, Consumer<String> fail) {
    long start = System.nanoTime();
    long lastLook = start;
    while (!link.isDone() && !isOver.getAsBoolean()) {
      long now = System.nanoTime();
      if (now - start < SPIN_NANOS) {
        Thread.onSpinWait();
        continue;
      }
      if (now - lastLook > BETWEEN_LOOKS_NANOS) {
        lastLook = now;
        look(operation, fail);
      }
      if (now - start > timeoutNanos) {
        fail.accept(
            "rank=%d %s between GPUs timed out: timeoutMs=%d"
                .formatted(rank, operation, TimeUnit.NANOSECONDS.toMillis(timeoutNanos)));
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  private void look(String operation, Consumer<String> fail) {
    link.problem()
        .ifPresent(problem -> fail.accept("rank=%d %s: %s".formatted(rank, operation, problem)));
    if (Thread.currentThread().isInterrupted()) {
      fail.accept("rank=%d %s interrupted".formatted(rank, operation));
    }
  }
}
