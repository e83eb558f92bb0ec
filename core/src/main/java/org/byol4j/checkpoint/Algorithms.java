package org.byol4j.checkpoint;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The algorithms that a replica's device had chosen by measuring, which the bits depend on.
 *
 * @param machine what names of algorithms mean the same on
 * @param names of the algorithms, by what they compute
 */
public record Algorithms(String machine, Map<String, String> names) {

  /** Sorts the names, so that equal ones are written alike. */
  public Algorithms {
    SortedMap<String, String> sorted = new TreeMap<>(names);
    names = Collections.unmodifiableSortedMap(sorted);
  }
}
