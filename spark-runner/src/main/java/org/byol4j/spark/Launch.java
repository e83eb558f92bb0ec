package org.byol4j.spark;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
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
  private static final long LINE_SECONDS = 10;
  private static final long LAST_WORDS_SECONDS = 5;

  private final long session;
  private final StopSignal stop;
  private final RunObserver observer;
  private final ScheduledExecutorService telling =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "replicas-tell");
            thread.setDaemon(true);
            return thread;
          });
  private final ScheduledFuture<?> waiting;
  private final int replicas;
  private final Map<Integer, String> executors = new TreeMap<>();
  private final Map<Integer, Throwable> failures = new TreeMap<>();
  private long waited;

  /**
   * @param session a number that no other launch has
   * @param stop what replicas are told when they ask
   */
  Launch(long session, int replicas, StopSignal stop, RunObserver observer) {
    this.session = session;
    this.replicas = replicas;
    this.stop = stop;
    this.observer = observer;
    this.waiting =
        telling.scheduleAtFixedRate(
            this::tellOfWaiting, LINE_SECONDS, LINE_SECONDS, TimeUnit.SECONDS);
  }

  long session() {
    return session;
  }

  /** Takes a message; the answer is whether the run is to stop. */
  boolean receive(ReplicaMessage message) {
    for (ReplicaEvent event : message.events()) {
      note(message.rank(), event);
      telling.execute(() -> tell(message.rank(), event));
    }
    return stop.isRequested();
  }

  private synchronized void note(int rank, ReplicaEvent event) {
    if (event instanceof ReplicaEvent.Started started) {
      executors.put(rank, started.executor());
    } else if (event instanceof ReplicaEvent.Failed failed) {
      failures.putIfAbsent(rank, failed.failure());
      notifyAll();
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

  /**
   * Spark starts the tasks of a barrier stage when it has a free slot for each, and says nothing.
   */
  private void tellOfWaiting() {
    waited += LINE_SECONDS;
    int running = started();
    if (running < replicas) {
      observer.says(
          ("waiting for slots: replicas=%d running=%d after %d s;"
                  + " a frozen executor keeps its slot until Spark removes it")
              .formatted(replicas, running, waited));
    }
  }

  private synchronized int started() {
    return executors.size();
  }

  /** What ended the replicas, as far as they could tell. */
  synchronized Optional<Throwable> rootFailure() {
    return failures.isEmpty()
        ? Optional.empty()
        : Optional.of(LocalReplicas.rootFailure(List.copyOf(failures.values())));
  }

  /**
   * Waits some seconds for the last words of all replicas.
   *
   * @return the executors whose replicas have not told why they ended: they are gone, or frozen
   */
  synchronized List<String> silentExecutors() {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LAST_WORDS_SECONDS);
    long left = deadline - System.nanoTime();
    while (failures.size() < executors.size() && left > 0) {
      try {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
      left = deadline - System.nanoTime();
    }
    return executors.entrySet().stream()
        .filter(replica -> !failures.containsKey(replica.getKey()))
        .map(Map.Entry::getValue)
        .toList();
  }

  /** Waits until the observer has heard everything. */
  @Override
  public void close() {
    waiting.cancel(false);
    telling.shutdown();
    try {
      telling.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
