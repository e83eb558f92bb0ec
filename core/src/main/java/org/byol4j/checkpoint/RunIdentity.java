package org.byol4j.checkpoint;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What makes a run this run, so that another one is not continued by mistake.
 *
 * @param seed where every random draw starts from
 * @param configuration the resolved configuration, a text of lines
 * @param dataSha256 the hash of the data manifest; empty if there is none yet
 * @param fingerprint what the bits of the result depend on besides: device, versions, threads,
 *     replicas, instruction set; empty if no device made them
 */
public record RunIdentity(
    long seed, String configuration, String dataSha256, Map<String, String> fingerprint) {

  /** Sorts the fingerprint by key, so that equal ones are written alike. */
  public RunIdentity {
    SortedMap<String, String> sorted = new TreeMap<>(fingerprint);
    fingerprint = Collections.unmodifiableSortedMap(sorted);
  }

  /** The sha256 of the configuration's text in UTF-8. */
  public String configurationSha256() {
    return Sha256.of(configuration);
  }

  /**
   * What differs in the fingerprint: the run continues exactly in data and schedule, but not to the
   * bit; empty if nothing does, or the checkpoint was made by no device.
   */
  public List<String> fingerprintDifferencesFrom(RunIdentity saved) {
    if (saved.fingerprint.isEmpty()) {
      return List.of();
    }
    Set<String> keys = new TreeSet<>(fingerprint.keySet());
    keys.addAll(saved.fingerprint.keySet());
    List<String> differences = new ArrayList<>();
    for (String key : keys) {
      String here = fingerprint.getOrDefault(key, "nothing");
      String there = saved.fingerprint.getOrDefault(key, "nothing");
      if (!here.equals(there)) {
        differences.add("%s=%s, checkpoint has %s".formatted(key, here, there));
      }
    }
    return differences;
  }
}
