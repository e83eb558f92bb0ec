package org.byol4j.collective.tcp;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.byol4j.collective.Vector;

/**
 * The chunks of a vector that are on their way to the other replicas: as many as there are
 * replicas, if the vector has readers of their own, so that none is read twice because another one
 * was in between; and one that several replicas get is read once for those that come to it before
 * it goes.
 */
final class ReadWindows {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
  private static final long NOT_READ = -1;
  private static final int NONE = -1;

  private final Vector[] readers;
  private final ByteBuffer[] windows;
  private final int[] bases;

  /** The first element of each reader's chunk. */
  private final long[] froms;

  /** Which reader each replica's chunk is in. */
  private final int[] inUse;

  private boolean isShared;

  ReadWindows(int size) {
    readers = new Vector[size];
    windows = new ByteBuffer[size];
    bases = new int[size];
    froms = new long[size];
    inUse = new int[size];
    Arrays.fill(windows, NOTHING);
  }

  /** Begins with another vector, or anew: what was read before may have changed. */
  void begin(Vector vector) {
    for (int number = 0; number < readers.length; number++) {
      readers[number] = vector.reader(number);
    }
    isShared = readers[0] == vector;
    Arrays.fill(froms, NOT_READ);
    Arrays.fill(inUse, NONE);
  }

  /** Says that the vector itself was read, which holds one range at a time. */
  void forget() {
    if (isShared) {
      Arrays.fill(froms, NOT_READ);
    }
  }

  /** The bytes {@code [within, bytes)} of the chunk of {@code count} elements at {@code from}. */
  ByteBuffer chunk(int peer, long from, int count, int within, int bytes) {
    int reader = readerOf(peer, from);
    if (froms[reader] != from) {
      windows[reader] = readers[reader].read(from, count);
      bases[reader] = windows[reader].position();
      froms[reader] = from;
    }
    inUse[peer] = reader;
    return windows[reader].limit(bases[reader] + bytes).position(bases[reader] + within);
  }

  /** The reader that has the chunk, or else one that no other replica needs. */
  private int readerOf(int peer, long from) {
    if (isShared) {
      return 0;
    }
    int free = NONE;
    for (int reader = 0; reader < readers.length; reader++) {
      if (froms[reader] == from) {
        return reader;
      }
      if (free == NONE && !isNeeded(reader, peer)) {
        free = reader;
      }
    }
    return free;
  }

  private boolean isNeeded(int reader, int butFor) {
    for (int peer = 0; peer < inUse.length; peer++) {
      if (peer != butFor && inUse[peer] == reader) {
        return true;
      }
    }
    return false;
  }
}
