package org.byol4j.spark;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.byol4j.train.LocalReplicas;
import org.byol4j.train.RunObserver;
import org.byol4j.train.StopSignal;

/**
 * One launch of the replicas, as the driver sees it. What rank 0 tells reaches the observer in
 * order, on a thread of its own, so that no message waits for a console.
 */
final class Launch implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 60;

  private final long session;
  private final StopSignal stop;
  private final RunObserver observer;
  private final ExecutorService telling =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "replicas-tell");
            thread.setDaemon(true);
            return thread;
          });
  private final Map<Integer, String> executors = new TreeMap<>();
  private final Arrivals arrivals = new Arrivals();

  /** When each replica has spoken last, by {@link System#nanoTime}. */
  private final Map<Integer, Long> heard = new HashMap<>();

  /** The number of each replica's last message. */
  private final Map<Integer, Long> numbers = new HashMap<>();

  /** In the order in which they came: causes before consequences. */
  private final Map<Integer, Throwable> failures = new LinkedHashMap<>();

  private final Set<Integer> ended = new TreeSet<>();
  private Optional<ReplicaEnd> end = Optional.empty();
  private boolean isOver;
  private boolean isClosed;

  /**
   * @param session a number that no other launch has
   * @param stop what replicas are told when they ask
   */
  Launch(long session, StopSignal stop, RunObserver observer) {
    this.session = session;
    this.stop = stop;
    this.observer = observer;
  }

  long session() {
    return session;
  }

  /**
   * Takes a message, unless it was heard already and only its answer was lost; the answer is
   * whether the replica is to stop.
   */
  synchronized boolean receive(ReplicaMessage message) {
    heard.put(message.rank(), System.nanoTime());
    long before = numbers.getOrDefault(message.rank(), 0L);
    if (message.number() > before) {
      numbers.put(message.rank(), message.number());
      take(message);
    }
    return isOver || stop.isRequested();
  }

  private void take(ReplicaMessage message) {
    for (ReplicaEvent event : message.events()) {
      note(message.rank(), event);
      tellLater(() -> tell(message.rank(), event));
    }
  }

  private void note(int rank, ReplicaEvent event) {
    arrivals.note(rank, event);
    if (event instanceof ReplicaEvent.Started started) {
      executors.put(rank, started.executor());
    } else if (event instanceof ReplicaEvent.Failed failed) {
      failures.putIfAbsent(rank, failed.failure());
      ended.add(rank);
      notifyAll();
    } else if (event instanceof ReplicaEvent.Ended how) {
      how.end().forEach(theEnd -> end = Optional.of(theEnd));
      ended.add(rank);
      notifyAll();
    }
  }

  /** Shows a line to the observer, after what was told before. */
  synchronized void says(String line) {
    tellLater(() -> observer.says(line));
  }

  /** Replicas may still speak when nobody listens any more. */
  private void tellLater(Runnable what) {
    if (!isClosed) {
      telling.execute(what);
    }
  }

  private void tell(int rank, ReplicaEvent event) {
    if (event instanceof ReplicaEvent.StepDone step) {
      observer.stepDone(step.toRecord());
    } else if (event instanceof ReplicaEvent.Begins begins) {
      observer.begins(begins.firstStep(), begins.totalSteps(), begins.stepsPerEpoch());
    } else if (event instanceof ReplicaEvent.Says says) {
      observer.says(says.message());
    } else if (event instanceof ReplicaEvent.Started replica && !replica.gpu().isEmpty()) {
      observer.says(
          "replica rank=%d runs on host=%s executor=%s gpu=%s"
              .formatted(rank, replica.host(), replica.executor(), replica.gpu()));
    }
  }

  /** How far replicas are on their way to the first step; safe for any number of threads. */
  Arrivals arrivals() {
    return arrivals;
  }

  /** Has all replicas stop, whatever the stop signal says. */
  synchronized void stop() {
    isOver = true;
  }

  /** What ended the replicas, as far as they could tell. */
  synchronized Optional<Throwable> rootFailure() {
    return failures.isEmpty()
        ? Optional.empty()
        : Optional.of(LocalReplicas.rootFailure(List.copyOf(failures.values())));
  }

  /** How rank 0 has ended, if it has told. */
  synchronized Optional<ReplicaEnd> end() {
    return end;
  }

  /**
   * Waits for the last words of all replicas that have begun. One that still speaks is not dead: it
   * comes to its end, or to where it notices that it is to end.
   *
   * @param patience how long replicas may be silent
   * @param grace how long those that speak may take to their end
   * @return the executors whose replicas have not said that they ended: they are gone, or frozen
   */
  synchronized List<String> silentExecutors(Duration patience, Duration grace) {
    long start = System.nanoTime();
    long left = patience.toNanos();
    while (!ended.containsAll(executors.keySet()) && left > 0) {
      try {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
      long spoken = lastWord(start) - start;
      left = Math.min(grace.toNanos(), spoken + patience.toNanos()) - (System.nanoTime() - start);
    }
    List<String> silent = new ArrayList<>();
    executors.forEach(
        (rank, executor) -> {
          if (!ended.contains(rank)) {
            silent.add(executor);
          }
        });
    return silent;
  }

  /** When a replica that has not ended has spoken last, if that was after {@code start}. */
  private long lastWord(long start) {
    return executors.keySet().stream()
        .filter(rank -> !ended.contains(rank))
        .mapToLong(heard::get)
        .reduce(start, (a, b) -> b - a > 0 ? b : a);
  }

  /** Waits until the observer has heard everything; who speaks later is told to stop. */
  @Override
  public void close() {
    synchronized (this) {
      isOver = true;
      isClosed = true;
    }
    telling.shutdown();
    try {
      telling.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
