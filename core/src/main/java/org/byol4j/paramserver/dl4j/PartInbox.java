package org.byol4j.paramserver.dl4j;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Parts that have come, by step and rank, until their step's turn. One thread brings them, another
 * one takes them.
 */
final class PartInbox {
  private final int size;
  private final SortedMap<Long, SortedMap<Integer, int[]>> open = new TreeMap<>();
  private long nextStep = Long.MIN_VALUE;

  /** What becomes of a part. */
  enum Receipt {
    KEPT,
    /** There is one of this replica and step already, or there was. */
    DUPLICATE,
    /** Nobody may have sent parts of this step. */
    TOO_EARLY
  }

  /** Expects a part of each of {@code size} replicas in every step. */
  PartInbox(int size) {
    this.size = size;
  }

  /** Opens a step, later than all before, for its parts. */
  synchronized void open(long step) {
    open.put(step, new TreeMap<>());
    nextStep = step + 1;
  }

  /** Takes in the part of a replica, unless it has one already. */
  synchronized Receipt put(int rank, long step, int[] words) {
    if (step >= nextStep) {
      return Receipt.TOO_EARLY;
    }
    SortedMap<Integer, int[]> parts = open.get(step);
    if (parts == null || parts.containsKey(rank)) {
      return Receipt.DUPLICATE;
    }
    parts.put(rank, words);
    return Receipt.KEPT;
  }

  /** The replicas whose parts of an open step are here. */
  synchronized List<Integer> present(long step) {
    return List.copyOf(open.get(step).keySet());
  }

  synchronized boolean isComplete(long step) {
    return open.get(step).size() == size;
  }

  /** Gives the parts of a step away, by rank, and closes it. */
  synchronized List<int[]> take(long step) {
    return List.copyOf(open.remove(step).values());
  }
}
