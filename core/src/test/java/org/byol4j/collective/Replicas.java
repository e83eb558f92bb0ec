package org.byol4j.collective;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs the same program on every replica of a group, each in a thread of its own. */
public final class Replicas {
  private static final long PATIENCE_SECONDS = 120;

  /** What a replica does. */
  @FunctionalInterface
  public interface Program<T> {
    T run(Collective collective) throws Exception;
  }

  /** What came of a replica: one of both is empty. */
  public record Outcome<T>(List<T> result, List<Throwable> failure) {}

  private Replicas() {}

  /**
   * Returns each replica's result, in rank order; a replica that throws aborts the group.
   *
   * @throws AssertionError if a replica throws, with the first replica's exception as the cause
   */
  public static <T> List<T> run(List<Collective> group, Program<T> program) {
    List<T> results = new ArrayList<>();
    for (Outcome<T> outcome :
        outcomes(
            group,
            collective -> {
              try {
                return program.run(collective);
              } catch (Throwable e) {
                collective.abort(e.toString());
                throw e;
              }
            })) {
      outcome
          .failure()
          .forEach(
              cause -> {
                throw new AssertionError("a replica failed", cause);
              });
      results.addAll(outcome.result());
    }
    return results;
  }

  /** Returns what came of each replica, in rank order. */
  public static <T> List<Outcome<T>> outcomes(List<Collective> group, Program<T> program) {
    ExecutorService threads = Executors.newFixedThreadPool(group.size());
    try {
      List<Future<T>> futures = new ArrayList<>();
      for (Collective collective : group) {
        futures.add(threads.submit(() -> program.run(collective)));
      }
      List<Outcome<T>> outcomes = new ArrayList<>();
      for (Future<T> future : futures) {
        outcomes.add(outcome(future));
      }
      return outcomes;
    } finally {
      threads.shutdownNow();
    }
  }

  private static <T> Outcome<T> outcome(Future<T> future) {
    try {
      return new Outcome<>(List.of(future.get(PATIENCE_SECONDS, TimeUnit.SECONDS)), List.of());
    } catch (ExecutionException e) {
      return new Outcome<>(List.of(), List.of(e.getCause()));
    } catch (TimeoutException e) {
      throw new AssertionError("a replica hangs", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }
}
