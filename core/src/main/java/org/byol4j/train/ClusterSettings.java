package org.byol4j.train;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Where the replicas run and how often they may fail ({@code cluster.*}, but for the number of
 * replicas, which is {@link TrainSettings#replicas}).
 *
 * @param master the URL of the cluster's master, or nothing, which leaves it to the launcher
 * @param maxRestarts how often a run goes on from its newest checkpoint after a replica was lost
 * @param spark properties of Spark, without {@code spark.}; may hold secrets, and so are part of no
 *     configuration that is written down
 */
public record ClusterSettings(String master, int maxRestarts, Map<String, String> spark) {

  /** Sorts the properties by name. */
  public ClusterSettings {
    SortedMap<String, String> sorted = new TreeMap<>(spark);
    spark = Collections.unmodifiableSortedMap(sorted);
  }

  /** Names the properties of Spark, but not what they are. */
  @Override
  public String toString() {
    return "ClusterSettings[master=%s, maxRestarts=%d, spark=%s]"
        .formatted(master, maxRestarts, spark.keySet());
  }
}
