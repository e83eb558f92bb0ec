package org.byol4j.train;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Function;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;
import org.byol4j.collective.LocalCollective;

/** Runs the replicas of a group as threads of this process. */
public final class LocalReplicas {
  /** How long a replica waits for the others: rank 0 evaluates and writes checkpoints meanwhile. */
  private static final Duration PROGRESS_TIMEOUT = Duration.ofMinutes(10);

  private LocalReplicas() {}

  /**
   * Runs {@code replica} once for each of {@code size} ranks, each on a thread of its own, and
   * waits for all. A failure of one ends them all: it is thrown, and that the others lost it is
   * not.
   *
   * @param replica one rank's work; it is handed the collective of its group, which is closed
   *     afterwards
   * @return the results, by rank
   * @throws IllegalStateException if this thread is interrupted, which it stays; the replicas are
   *     interrupted too, and end where they next wait for data
   */
  public static <T> List<T> run(int size, Function<Collective, T> replica) {
    List<Collective> group =
        size == 1 ? List.of(Collective.single()) : LocalCollective.group(size, PROGRESS_TIMEOUT);
    List<FutureTask<T>> runs = new ArrayList<>();
    for (Collective collective : group) {
      FutureTask<T> run = new FutureTask<>(() -> runOne(replica, collective));
      runs.add(run);
      new Thread(run, "replica-" + collective.rank()).start();
    }
    try {
      return await(runs);
    } catch (InterruptedException e) {
      runs.forEach(run -> run.cancel(true));
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while replicas run", e);
    }
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
