package org.byol4j.spark;

import java.util.ArrayList;
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
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A replica's way to the driver. A thread of its own carries what there is to tell, and asks
 * whether to stop, so that a step never waits for the network.
 */
final class ReplicaLink implements RunObserver, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ReplicaLink.class);
  private static final long INTERVAL_MS = 200;

  private final BarrierTaskContext task;
  private final PluginContext driver;
  private final long session;
  private final StopSignal stop = new StopSignal();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread carrier;
  private final Object sending = new Object();
  private List<ReplicaEvent> pending = new ArrayList<>();
  private Optional<ReplicaEvent.Copies> copies = Optional.empty();

  private ReplicaLink(BarrierTaskContext task, PluginContext driver, long session) {
    this.task = task;
    this.driver = driver;
    this.session = session;
    this.carrier = new Thread(this::carry, "driver-link-" + task.partitionId());
    carrier.setDaemon(true);
  }

  /** Tells the driver that the replica of {@code task} runs, and opens the way. */
  static ReplicaLink open(BarrierTaskContext task, PluginContext driver, long session) {
    ReplicaLink link = new ReplicaLink(task, driver, session);
    String gpu =
        task.resourcesJMap().containsKey("gpu")
            ? task.resourcesJMap().get("gpu").addresses()[0]
            : "";
    link.add(new ReplicaEvent.Started(driver.executorID(), host(), gpu));
    link.send();
    link.carrier.start();
    return link;
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
  synchronized void copies(long done, long total) {
    copies = Optional.of(new ReplicaEvent.Copies(done, total));
  }

  /** Tells the driver that all replicas are connected; returns when it knows. */
  void together() {
    add(new ReplicaEvent.Together());
    send();
  }

  /** Tells the driver how this replica has ended; returns when it knows. */
  void ended(List<ReplicaEnd> end) {
    add(new ReplicaEvent.Ended(end));
    close();
  }

  /**
   * Tells the driver why this replica ends; returns when it knows. Nothing can be told after. What
   * fails in a task that Spark has cancelled is a consequence of that.
   */
  void failed(Throwable failure) {
    Throwable reason =
        task.isInterrupted()
            ? new CollectiveException(
                "Spark has cancelled rank=%d: %s".formatted(task.partitionId(), failure), failure)
            : failure;
    add(ReplicaEvent.Failed.of(reason));
    close();
  }

  @Override
  public void begins(long firstStep, long totalSteps, int stepsPerEpoch) {
    add(new ReplicaEvent.Begins(firstStep, totalSteps, stepsPerEpoch));
  }

  @Override
  public void stepDone(StepRecord entry) {
    add(ReplicaEvent.StepDone.of(entry));
  }

  @Override
  public void says(String message) {
    add(new ReplicaEvent.Says(message));
  }

  /** Returns when everything has been told, even if Spark interrupts the task meanwhile. */
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
    boolean isOver = false;
    while (!isOver) {
      try {
        isOver = closed.await(INTERVAL_MS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        return;
      }
      send();
    }
  }

  private synchronized void add(ReplicaEvent event) {
    pending.add(event);
  }

  private synchronized List<ReplicaEvent> take() {
    List<ReplicaEvent> taken = new ArrayList<>();
    copies.ifPresent(taken::add);
    taken.addAll(pending);
    copies = Optional.empty();
    pending = new ArrayList<>();
    return taken;
  }

  /** Sends what there is to tell; one message at a time, so that they arrive in order. */
  private void send() {
    synchronized (sending) {
      ask(take());
    }
  }

  private void ask(List<ReplicaEvent> events) {
    try {
      Object answer = driver.ask(new ReplicaMessage(session, task.partitionId(), events));
      if (Boolean.TRUE.equals(answer)) {
        stop.request();
      }
    } catch (Exception e) {
      // without its driver an executor ends by itself; a message that is lost harms nobody
      LOG.warn("the driver does not answer: rank={} {}", task.partitionId(), e.toString());
    }
  }
}
