package org.byol4j.cli;

import java.util.Map;

/** How results tell of images that were left out. */
final class BadImages {
  private BadImages() {}

  /**
   * Their number and, if there are any, why they are bad.
   *
   * @param bad how many there are of each kind
   */
  static String in(Map<?, Integer> bad) {
    int all = bad.values().stream().mapToInt(Integer::intValue).sum();
    return all == 0 ? "0 bad" : "%d bad %s".formatted(all, bad);
  }
}
