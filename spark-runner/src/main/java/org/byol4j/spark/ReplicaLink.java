package org.byol4j.spark;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.plugin.PluginContext;
import org.byol4j.collective.CollectiveException;
import org.byol4j.metrics.StepRecord;
import org.byol4j.train.RunObserver;
import org.byol4j.train.StopSignal;

/**
 * A replica's way to the driver. A thread of its own carries what there is to tell, and asks
 * whether to stop, so that a step never waits for the network.
 */
final class ReplicaLink implements RunObserver, AutoCloseable {
  private static final long INTERVAL_MS = 200;

  /** How often, a second apart, the driver is told the last words until it has heard them. */
  private static final int LAST_ATTEMPTS = 3;

  private final BarrierTaskContext task;
  private final Outbox outbox;
  private final StopSignal stop = new StopSignal();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread carrier;

  private ReplicaLink(BarrierTaskContext task, Outbox outbox) {
    this.task = task;
    this.outbox = outbox;
    this.carrier = new Thread(this::carry, "driver-link-" + task.partitionId());
    carrier.setDaemon(true);
  }

  /** Tells the driver that the replica of {@code task} runs, and opens the way. */
  static ReplicaLink open(BarrierTaskContext task, PluginContext driver, long session) {
    ReplicaLink link = new ReplicaLink(task, new Outbox(session, task.partitionId(), driver::ask));
    link.outbox.add(new ReplicaEvent.Started(driver.executorID(), host(), link.gpu()));
    link.send();
    link.carrier.start();
    return link;
  }

  /** The address of the GPU that Spark gave to this replica; empty if it gave none. */
  String gpu() {
    return gpu(task);
  }

  /** The address of the GPU that Spark gave to {@code task}; empty if it gave none. */
  static String gpu(BarrierTaskContext task) {
    return task.resourcesJMap().containsKey("gpu")
        ? task.resourcesJMap().get("gpu").addresses()[0]
        : "";
  }

  /** The name under which others find this executor. */
  static String host() {
    return SparkEnv.get().blockManager().blockManagerId().host();
  }

  /** Requested when the driver says so. */
  StopSignal stop() {
    return stop;
  }

  /** Tells the driver, when it is asked the next time, how many images are here. */
  void copies(long done, long total) {
    outbox.copies(new ReplicaEvent.Copies(done, total));
  }

  /** Tells the driver at once that all replicas are connected. */
  void together() {
    outbox.add(new ReplicaEvent.Together());
    send();
  }

  /** Tells the driver how this replica has ended; returns when it knows, or does not answer. */
  void ended(List<ReplicaEnd> end) {
    outbox.add(new ReplicaEvent.Ended(end));
    close();
  }

  /**
   * Tells the driver why this replica ends; returns when it knows, or does not answer. Nothing can
   * be told after. What fails in a task that Spark has cancelled is a consequence of that.
   */
  void failed(Throwable failure) {
    Throwable reason =
        task.isInterrupted()
            ? new CollectiveException(
                "Spark has cancelled rank=%d: %s".formatted(task.partitionId(), failure), failure)
            : failure;
    outbox.add(ReplicaEvent.Failed.of(reason));
    close();
  }

  @Override
  public void begins(long firstStep, long totalSteps, int stepsPerEpoch) {
    outbox.add(new ReplicaEvent.Begins(firstStep, totalSteps, stepsPerEpoch));
  }

  @Override
  public void stepDone(StepRecord entry) {
    outbox.add(ReplicaEvent.StepDone.of(entry));
  }

  @Override
  public void says(String message) {
    outbox.add(new ReplicaEvent.Says(message));
  }

  /**
   * Returns when everything has been told that the driver would hear, even if Spark interrupts the
   * task meanwhile.
   */
  @Override
  public void close() {
    closed.countDown();
    boolean interrupted = false;
    while (carrier.isAlive()) {
      try {
        carrier.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void carry() {
    try {
      while (!closed.await(INTERVAL_MS, TimeUnit.MILLISECONDS)) {
        send();
      }
      // why a replica has failed says whether the run goes on: it must not be lost
      for (int attempt = 1; !send() && attempt < LAST_ATTEMPTS; attempt++) {
        TimeUnit.SECONDS.sleep(1);
      }
    } catch (InterruptedException e) {
      // nobody waits for an answer any more
      Thread.currentThread().interrupt();
    }
  }

  /** Returns whether the driver has heard everything. */
  private boolean send() {
    Optional<Boolean> answer = outbox.send();
    answer.filter(isToStop -> isToStop).ifPresent(yes -> stop.request());
    return answer.isPresent();
  }
}
