package org.byol4j.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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
  private final Set<Integer> started = new TreeSet<>();
  private final List<Throwable> failures = new ArrayList<>();

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

  /** Takes a message; the answer is whether the run is to stop. */
  boolean receive(ReplicaMessage message) {
    for (ReplicaEvent event : message.events()) {
      note(message.rank(), event);
      telling.execute(() -> tell(message.rank(), event));
    }
    return stop.isRequested();
  }

  private synchronized void note(int rank, ReplicaEvent event) {
    if (event instanceof ReplicaEvent.Started) {
      started.add(rank);
    } else if (event instanceof ReplicaEvent.Failed failed) {
      failures.add(failed.failure());
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

  /** How many replicas run, or have run. */
  synchronized int started() {
    return started.size();
  }

  /** What ended the replicas, as far as they could tell. */
  synchronized Optional<Throwable> rootFailure() {
    return failures.isEmpty() ? Optional.empty() : Optional.of(LocalReplicas.rootFailure(failures));
  }

  /** Waits until the observer has heard everything. */
  @Override
  public void close() {
    telling.shutdown();
    try {
      telling.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
