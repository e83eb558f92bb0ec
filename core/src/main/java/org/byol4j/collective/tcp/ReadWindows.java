package org.byol4j.collective.tcp;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.byol4j.collective.Vector;

/**
 * The chunks of a vector that are on their way to the other replicas: two for each of them, if the
 * vector has readers of their own, so that the next chunk comes while the one before is sent, and
 * none is read twice because another one was in between. One that several replicas get is read once
 * for those that come to it before it goes.
 */
final class ReadWindows {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
  private static final long NOT_READ = -1;
  private static final int NONE = -1;

  /** The chunk that is sent, and the one behind it. */
  private static final int OF_A_PEER = 2;

  private final Vector[] readers;
  private final ByteBuffer[] windows;
  private final int[] bases;

  /** The first element of each reader's chunk. */
  private final long[] froms;

  /** Whether a reader's chunk is in its window, and not still to be waited for. */
  private final boolean[] isHere;

  /** Which reader each replica's chunk is in. */
  private final int[] inUse;

  /** Which reader each replica's next chunk comes to. */
  private final int[] next;

  private boolean isShared;

  ReadWindows(int size) {
    int most = OF_A_PEER * size;
    readers = new Vector[most];
    windows = new ByteBuffer[most];
    bases = new int[most];
    froms = new long[most];
    isHere = new boolean[most];
    inUse = new int[size];
    next = new int[size];
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
    Arrays.fill(next, NONE);
  }

  /** Says that the vector itself was read, which holds one range at a time. */
  void forget() {
    if (isShared) {
      Arrays.fill(froms, NOT_READ);
    }
  }

  /** Has the {@code count} elements at {@code from} begin to come, which {@code peer} gets next. */
  void expect(int peer, long from, int count) {
    if (!isShared && (next[peer] == NONE || froms[next[peer]] != from)) {
      next[peer] = readerOf(from, count);
    }
  }

  /** The bytes {@code [within, bytes)} of the chunk of {@code count} elements at {@code from}. */
  ByteBuffer chunk(int peer, long from, int count, int within, int bytes) {
    int reader = isHeldBy(peer, from) ? inUse[peer] : take(peer, from, count);
    if (!isHere[reader]) {
      windows[reader] = readers[reader].read(from, count);
      bases[reader] = windows[reader].position();
      isHere[reader] = true;
    }
    return windows[reader].limit(bases[reader] + bytes).position(bases[reader] + within);
  }

  private boolean isHeldBy(int peer, long from) {
    return inUse[peer] != NONE && froms[inUse[peer]] == from;
  }

  /** Has a replica go on to another chunk. */
  private int take(int peer, long from, int count) {
    inUse[peer] = NONE;
    int reader = readerOf(from, count);
    inUse[peer] = reader;
    next[peer] = NONE;
    return reader;
  }

  /** The reader that has the chunk, or else one that nobody needs, to which it begins to come. */
  private int readerOf(long from, int count) {
    int free = isShared ? 0 : NONE;
    for (int reader = 0; reader < readers.length && !isShared; reader++) {
      if (froms[reader] == from) {
        return reader;
      }
      if (free == NONE && !isNeeded(reader)) {
        free = reader;
      }
    }
    if (!isShared || froms[free] != from) {
      froms[free] = from;
      isHere[free] = false;
      readers[free].beginRead(from, count);
    }
    return free;
  }

  private boolean isNeeded(int reader) {
    for (int peer = 0; peer < inUse.length; peer++) {
      if (inUse[peer] == reader || next[peer] == reader) {
        return true;
      }
    }
    return false;
  }
}
