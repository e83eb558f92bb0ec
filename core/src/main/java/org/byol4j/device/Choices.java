package org.byol4j.device;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The ways of computing that a device has chosen by measuring. They differ in rounding, so bits
 * depend on them besides {@link Device#fingerprint}.
 *
 * @param machine what names of ways mean the same on: kind of GPU and versions of libraries; empty
 *     for a device that measures nothing
 * @param ways the way's name for each problem, both in words that mean nothing elsewhere
 */
public record Choices(String machine, Map<String, String> ways) {

  /** What a device has that measures nothing. */
  public static final Choices NONE = new Choices("", Map.of());

  /** Sorts the ways by problem, so that equal ones are written alike. */
  public Choices {
    SortedMap<String, String> sorted = new TreeMap<>(ways);
    ways = Collections.unmodifiableSortedMap(sorted);
  }
}
