package org.byol4j.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a replica has to tell the driver, until the driver has answered. A message without an answer
 * is sent again, before anything newer: the driver knows it by its number, if it was only the
 * answer that was lost.
 *
 * <p>Any thread may add; those that send wait for each other, so that messages arrive in order.
 */
final class Outbox {
  private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

  /** The way to the driver. */
  @FunctionalInterface
  interface Driver {
    /**
     * Returns the driver's answer.
     *
     * @throws Exception if none comes: Spark throws what no signature says
     */
    Object ask(ReplicaMessage message) throws Exception;
  }

  private final long session;
  private final int rank;
  private final Driver driver;
  private final Object sending = new Object();
  private List<ReplicaEvent> pending = new ArrayList<>();
  private Optional<ReplicaEvent.Copies> copies = Optional.empty();

  // these two are of the thread that holds sending
  private Optional<ReplicaMessage> unanswered = Optional.empty();
  private long number;

  Outbox(long session, int rank, Driver driver) {
    this.session = session;
    this.rank = rank;
    this.driver = driver;
  }

  synchronized void add(ReplicaEvent event) {
    pending.add(event);
  }

  /** Puts the newest count in the place of one that was not sent yet. */
  synchronized void copies(ReplicaEvent.Copies now) {
    copies = Optional.of(now);
  }

  private synchronized List<ReplicaEvent> take() {
    List<ReplicaEvent> taken = new ArrayList<>();
    copies.ifPresent(taken::add);
    taken.addAll(pending);
    copies = Optional.empty();
    pending = new ArrayList<>();
    return taken;
  }

  /**
   * Sends what there is to tell, if only that the replica is there.
   *
   * @return what the driver answers, whether the run is to stop; empty if it has not heard all
   */
  Optional<Boolean> send() {
    synchronized (sending) {
      if (unanswered.isPresent() && ask(unanswered.get()).isEmpty()) {
        return Optional.empty();
      }
      number++;
      return ask(new ReplicaMessage(session, rank, number, take()));
    }
  }

  private Optional<Boolean> ask(ReplicaMessage message) {
    try {
      Object answer = driver.ask(message);
      unanswered = Optional.empty();
      return Optional.of(Boolean.TRUE.equals(answer));
    } catch (Exception e) {
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      // without its driver an executor ends by itself
      LOG.warn("the driver does not answer: rank={} {}", rank, e.toString());
      unanswered = Optional.of(message);
      return Optional.empty();
    }
  }
}
