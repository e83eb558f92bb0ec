package org.byol4j.data;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * What is known of each file while a store is being built, in arrays: a million images are no
 * million objects. Up to 67 million of them, with 2 GiB of paths.
 */
final class ImageRecords {
  private static final int HASH_BYTES = 32;
  private static final byte[] NO_HASH = new byte[HASH_BYTES];

  private int count;
  private byte[] paths = new byte[1 << 12];
  private int[] pathEnds = new int[1 << 8];
  private long[] locations = new long[1 << 8];
  private int[] lengths = new int[1 << 8];
  private byte[] hashes = new byte[HASH_BYTES << 8];

  /** Adds an image whose encoded bytes lie at {@code location}; returns its number. */
  int add(byte[] path, long location, int length, byte[] hash) {
    int start = count == 0 ? 0 : pathEnds[count - 1];
    paths = roomFor(paths, start, path.length);
    hashes = roomFor(hashes, Math.multiplyExact(count, HASH_BYTES), HASH_BYTES);
    if (count == lengths.length) {
      int larger = Math.multiplyExact(count, 2);
      pathEnds = Arrays.copyOf(pathEnds, larger);
      locations = Arrays.copyOf(locations, larger);
      lengths = Arrays.copyOf(lengths, larger);
    }
    System.arraycopy(path, 0, paths, start, path.length);
    System.arraycopy(hash, 0, hashes, count * HASH_BYTES, HASH_BYTES);
    pathEnds[count] = start + path.length;
    locations[count] = location;
    lengths[count] = length;
    return count++;
  }

  /** Adds a bad file; {@code reason} is a number that the caller gives to reasons. */
  void addBad(byte[] path, int reason) {
    add(path, -1L - reason, 0, NO_HASH);
  }

  int count() {
    return count;
  }

  boolean isBad(int record) {
    return locations[record] < 0;
  }

  int reason(int record) {
    return (int) (-1L - locations[record]);
  }

  long location(int record) {
    return locations[record];
  }

  int length(int record) {
    return lengths[record];
  }

  byte[] hash(int record) {
    return Arrays.copyOfRange(hashes, record * HASH_BYTES, (record + 1) * HASH_BYTES);
  }

  byte[] path(int record) {
    return Arrays.copyOfRange(paths, pathStart(record), pathEnds[record]);
  }

  /**
   * The records in the bytewise order of their paths; of several with one path only the last, as if
   * an archive had been unpacked.
   */
  int[] sorted() {
    int[] order =
        IntStream.range(0, count)
            .boxed()
            .sorted(this::compare)
            .mapToInt(Integer::intValue)
            .toArray();
    int kept = 0;
    for (int i = 0; i < order.length; i++) {
      if (i + 1 == order.length || comparePaths(order[i], order[i + 1]) != 0) {
        order[kept++] = order[i];
      }
    }
    return Arrays.copyOf(order, kept);
  }

  private int compare(int a, int b) {
    int paths = comparePaths(a, b);
    return paths != 0 ? paths : Integer.compare(a, b);
  }

  private int comparePaths(int a, int b) {
    return Arrays.compareUnsigned(
        paths, pathStart(a), pathEnds[a], paths, pathStart(b), pathEnds[b]);
  }

  private int pathStart(int record) {
    return record == 0 ? 0 : pathEnds[record - 1];
  }

  private static byte[] roomFor(byte[] bytes, int used, int more) {
    int needed = Math.addExact(used, more);
    if (needed <= bytes.length) {
      return bytes;
    }
    long larger = Math.min(Math.max(2L * bytes.length, needed), Integer.MAX_VALUE - 8L);
    return Arrays.copyOf(bytes, (int) larger);
  }
}
