package org.byol4j.spark;

import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * How far the replicas of a launch are on their way to the first step: Spark starts them, each
 * brings its images to its machine, then all connect with each other. Safe for any number of
 * threads.
 */
final class Arrivals {
  private final Set<Integer> started = new HashSet<>();
  private final Map<Integer, ReplicaEvent.Copies> copies = new TreeMap<>();
  private final Set<Integer> together = new HashSet<>();
  private boolean hasSteps;
  private long newsNanos = System.nanoTime();

  /** Takes note of what a replica tells. */
  synchronized void note(int rank, ReplicaEvent event) {
    // whatever it tells, even if its first word was lost
    boolean isNews = started.add(rank);
    if (event instanceof ReplicaEvent.Copies now) {
      ReplicaEvent.Copies before = copies.put(rank, now);
      isNews |= before == null || before.done() != now.done();
    } else if (event instanceof ReplicaEvent.Together) {
      isNews |= together.add(rank);
    } else if (event instanceof ReplicaEvent.Begins || event instanceof ReplicaEvent.StepDone) {
      // even if a word of one that is together was lost
      hasSteps = true;
    }
    if (isNews) {
      newsNanos = System.nanoTime();
    }
  }

  /** How many replicas run: each that has said something. */
  synchronized int started() {
    return started.size();
  }

  /** Whether all of {@code replicas} are connected with each other. */
  synchronized boolean areTogether(int replicas) {
    return hasSteps || together.size() >= replicas;
  }

  /** How long no replica has come any further. */
  synchronized Duration sinceNews() {
    return Duration.ofNanos(System.nanoTime() - newsNanos);
  }

  /** Whether there are images that are not where they are needed yet. */
  synchronized boolean areCopying() {
    return copies.values().stream().anyMatch(images -> images.done() < images.total());
  }

  /** How many images have come, and who is the last; without images to copy, who is here. */
  synchronized String describe() {
    if (copies.isEmpty()) {
      return "running=%d connected=%d".formatted(started.size(), together.size());
    }
    long done = copies.values().stream().mapToLong(ReplicaEvent.Copies::done).sum();
    long total = copies.values().stream().mapToLong(ReplicaEvent.Copies::total).sum();
    return "images=%d of %d%s"
        .formatted(
            done,
            total,
            copies.entrySet().stream()
                .filter(images -> images.getValue().done() < images.getValue().total())
                .min(Comparator.comparingDouble(images -> share(images.getValue())))
                .map(
                    last ->
                        ", last rank=%d with %d of %d"
                            .formatted(
                                last.getKey(), last.getValue().done(), last.getValue().total()))
                .orElse(""));
  }

  private static double share(ReplicaEvent.Copies images) {
    return (double) images.done() / images.total();
  }
}
