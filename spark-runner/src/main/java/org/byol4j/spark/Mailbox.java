package org.byol4j.spark;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Where messages of replicas arrive on the driver, and go on to the launch that they belong to.
 * Safe for any number of threads.
 */
final class Mailbox implements AutoCloseable {
  // Spark makes the plugin that fills the mailbox, so that it can be found by the application only
  private static final Map<String, Mailbox> BY_APPLICATION = new ConcurrentHashMap<>();

  private final TrainingMetrics metrics = new TrainingMetrics();
  private volatile Optional<Launch> launch = Optional.empty();

  /** Lets the mailbox be found by its application. */
  void open(String applicationId) {
    BY_APPLICATION.put(applicationId, this);
  }

  /**
   * The open mailbox of an application.
   *
   * @throws ClusterException if Spark was not told of the plugin
   */
  static Mailbox of(String applicationId) {
    Mailbox mailbox = BY_APPLICATION.get(applicationId);
    if (mailbox == null) {
      // a Spark that others have started
      throw new ClusterException(
          "application=%s has no %s, expected it in spark.plugins when Spark starts"
              .formatted(applicationId, TrainingPlugin.class.getName()));
    }
    return mailbox;
  }

  /** What was measured. */
  TrainingMetrics metrics() {
    return metrics;
  }

  /** From now on messages go to {@code next}. */
  void deliverTo(Launch next) {
    launch = Optional.of(next);
  }

  /** Delivers a message; the answer is whether the replica's run is to stop. */
  Boolean receive(ReplicaMessage message) {
    return launch
        .filter(current -> current.session() == message.session())
        .map(current -> current.receive(message))
        // a replica of an earlier launch, which has ended
        .orElse(Boolean.TRUE);
  }

  @Override
  public void close() {
    BY_APPLICATION.values().remove(this);
  }
}
