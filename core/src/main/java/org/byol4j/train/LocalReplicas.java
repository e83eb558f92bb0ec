package org.byol4j.train;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.LocalCollective;

/** Runs the replicas of a group as threads of this process. */
public final class LocalReplicas {
  private LocalReplicas() {}

  /**
   * Runs {@code replica} once for each of {@code size} ranks, each on a thread of its own, and
   * waits for all. A failure of one ends them all: it is thrown, and that the others lost it is
   * not.
   *
   * @param progressTimeout how long a replica waits for the others, and an interrupted caller for
   *     the replicas' threads
   * @param replica one rank's work; it is handed the collective of its group, which is closed
   *     afterwards
   * @return the results, by rank
   * @throws IllegalStateException if this thread is interrupted, which it stays; the replicas are
   *     interrupted too, and end where they next wait for data or for each other. Their threads
   *     have ended then, but for those that the message names.
   */
  public static <T> List<T> run(
      int size, Duration progressTimeout, Function<Collective, T> replica) {
    List<Collective> group =
        size == 1 ? List.of(Collective.single()) : LocalCollective.group(size, progressTimeout);
    List<FutureTask<T>> runs = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (Collective collective : group) {
      FutureTask<T> run = new FutureTask<>(() -> runOne(replica, collective));
      runs.add(run);
      Thread thread = new Thread(run, "replica-" + collective.rank());
      threads.add(thread);
      thread.start();
    }
    try {
      return await(runs);
    } catch (InterruptedException e) {
      group.get(0).abort("interrupted while replicas run");
      threads.forEach(Thread::interrupt);
      List<String> running = awaitEnd(threads, progressTimeout);
      Thread.currentThread().interrupt();
      throw new IllegalStateException(
          running.isEmpty()
              ? "interrupted while replicas run"
              : "interrupted while replicas run: threads=%s have not ended, timeoutMs=%d"
                  .formatted(running, progressTimeout.toMillis()),
          e);
    }
  }

  /** Waits for threads, whatever interrupts it, and names those that do not end in time. */
  private static List<String> awaitEnd(List<Thread> threads, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    for (Thread thread : threads) {
      long left = deadline - System.nanoTime();
      while (left > 0 && thread.isAlive()) {
        try {
          TimeUnit.NANOSECONDS.timedJoin(thread, left);
        } catch (InterruptedException e) {
          // the caller is interrupted already, and will stay so
        }
        left = deadline - System.nanoTime();
      }
    }
    return threads.stream().filter(Thread::isAlive).map(Thread::getName).toList();
  }

  private static <T> T runOne(Function<Collective, T> replica, Collective collective) {
    try (collective) {
      try {
        return replica.apply(collective);
      } catch (RuntimeException | Error e) {
        // before it is closed: the others are to hear the reason
        collective.abort("replica rank=%d failed: %s".formatted(collective.rank(), e));
        throw e;
      }
    }
  }

  private static <T> List<T> await(List<FutureTask<T>> runs) throws InterruptedException {
    List<T> results = new ArrayList<>();
    List<Throwable> failures = new ArrayList<>();
    for (FutureTask<T> run : runs) {
      try {
        results.add(run.get());
      } catch (ExecutionException e) {
        failures.add(e.getCause());
      }
    }
    if (!failures.isEmpty()) {
      throw asUnchecked(rootFailure(failures));
    }
    return results;
  }

  /**
   * What ended a group: that a replica lost the others is a consequence; what ended the others is
   * the reason.
   *
   * @param failures those of the replicas, at least one
   */
  public static Throwable rootFailure(List<Throwable> failures) {
    return failures.stream()
        .filter(failure -> !(failure instanceof CollectiveException))
        .findFirst()
        .orElse(failures.get(0));
  }

  private static RuntimeException asUnchecked(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    return failure instanceof RuntimeException unchecked
        ? unchecked
        : new IllegalStateException(failure);
  }
}
