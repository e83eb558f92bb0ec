package org.byol4j.nn;

import java.util.Map;
import java.util.TreeMap;

/**
 * Decides where tensors lie in one piece of memory, by best fit with coalescing, before that memory
 * exists. Counts in elements; every place is a multiple of 16 elements, which keeps float32 tensors
 * on cache lines.
 */
final class Arena {
  private static final int ALIGNMENT = 16;

  /** Free ranges: where they start and how long they are. No two touch. */
  private final TreeMap<Long, Long> free = new TreeMap<>();

  private long end;

  /** Returns the start of a range of {@code length} elements that is taken from now on. */
  long take(long length) {
    long needed = aligned(length);
    Map.Entry<Long, Long> best = null;
    for (Map.Entry<Long, Long> range : free.entrySet()) {
      if (range.getValue() >= needed && (best == null || range.getValue() < best.getValue())) {
        best = range;
      }
    }
    if (best == null) {
      return grow(needed);
    }
    long start = best.getKey();
    long rest = best.getValue() - needed;
    free.remove(start);
    if (rest > 0) {
      free.put(start + needed, rest);
    }
    return start;
  }

  /** Gives a range back. */
  void release(long start, long length) {
    long from = start;
    long size = aligned(length);
    Map.Entry<Long, Long> before = free.floorEntry(from);
    if (before != null && before.getKey() + before.getValue() == from) {
      from = before.getKey();
      size += before.getValue();
      free.remove(before.getKey());
    }
    Long after = free.remove(start + aligned(length));
    if (after != null) {
      size += after;
    }
    free.put(from, size);
  }

  /** How much memory all of it takes. */
  long size() {
    return end;
  }

  /** Takes the range at the end, beginning with a free range that lies there. */
  private long grow(long needed) {
    Map.Entry<Long, Long> last = free.lastEntry();
    long start = end;
    if (last != null && last.getKey() + last.getValue() == end) {
      start = last.getKey();
      free.remove(start);
    }
    end = start + needed;
    return start;
  }

  private static long aligned(long length) {
    return (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }
}
