package org.byol4j.collective;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * What the handles of a {@link LocalCollective} share: the place where the replicas meet, what each
 * of them has called, and what each shows to the others.
 *
 * <p>A replica fills its own entries of the arrays before it {@linkplain #meet meets} the others,
 * and reads theirs after: the meeting orders these accesses.
 */
final class LocalGroup {
  private static final long[] NO_BOUNDS = {};

  final int size;

  /** What each replica sends, in two halves: it may fill one while others still read the other. */
  final double[][][] sent;

  /** The piece of its vector that each replica shows. */
  final ByteBuffer[] shown;

  /** Where the owner of the piece in progress wants its sums. */
  ByteBuffer sums = ByteBuffer.allocate(0);

  private final Fate fate;
  private final long timeoutNanos;
  private final String[] operations;
  private final long[] lengths;
  private final int[] elementBytes;
  private final long[][] bounds;
  private final boolean[] arrived;
  private final boolean[] closed;
  private int arrivals;
  private int departures;
  private long meetings;

  /** What groups of the same replicas share: if one fails, all do. It is also their lock. */
  static final class Fate {
    private final List<Consumer<String>> listeners = new ArrayList<>();
    private String failure = "";
  }

  LocalGroup(int size, long timeoutNanos, Fate fate) {
    this.size = size;
    this.fate = fate;
    this.timeoutNanos = timeoutNanos;
    this.sent = new double[2][size][0];
    this.shown = new ByteBuffer[size];
    this.operations = new String[size];
    this.lengths = new long[size];
    this.elementBytes = new int[size];
    this.bounds = new long[size][];
    this.arrived = new boolean[size];
    this.closed = new boolean[size];
    Arrays.fill(operations, "nothing");
    Arrays.fill(bounds, NO_BOUNDS);
  }

  /** Says what this replica calls, then meets the others, who must have called the same. */
  void enter(int rank, String operation, long length) {
    enter(rank, operation, length, Double.BYTES, NO_BOUNDS);
  }

  void enter(int rank, String operation, long length, int bytes, long[] itsBounds) {
    operations[rank] = operation;
    lengths[rank] = length;
    elementBytes[rank] = bytes;
    bounds[rank] = itsBounds;
    meet(rank);
  }

  /** Waits until all replicas are here, within the operation that they entered last. */
  void meet(int rank) {
    synchronized (fate) {
      throwIfFailed(rank);
      arrived[rank] = true;
      arrivals++;
      if (departures > 0) {
        fail(
            "replicas=%s have left, %s waits for them"
                .formatted(ranks(closed, true), called(rank)));
      } else if (arrivals == size) {
        finishMeeting();
      } else {
        awaitOthers(rank);
      }
      throwIfFailed(rank);
    }
  }

  /** Wakes everybody with {@code reason}, unless the group has failed before. */
  void fail(String reason) {
    synchronized (fate) {
      if (fate.failure.isEmpty()) {
        fate.failure = reason;
        fate.listeners.forEach(listener -> listener.accept(reason));
      }
      fate.notifyAll();
    }
  }

  /** Has {@code listener} hear why the group fails; at once if it has failed. */
  void onFailure(Consumer<String> listener) {
    synchronized (fate) {
      fate.listeners.add(listener);
      if (!fate.failure.isEmpty()) {
        listener.accept(fate.failure);
      }
    }
  }

  /** Says that this replica takes part no longer. */
  void leave(int rank) {
    synchronized (fate) {
      if (closed[rank]) {
        return;
      }
      closed[rank] = true;
      departures++;
      if (arrivals > 0) {
        List<Integer> waiting = ranks(arrived, true);
        fail("rank=%d has left, replicas=%s wait for it".formatted(rank, waiting));
      }
    }
  }

  private void finishMeeting() {
    for (int rank = 1; rank < size; rank++) {
      if (!calledAlike(0, rank)) {
        fail("replicas out of step: %s, %s".formatted(called(0), called(rank)));
        return;
      }
    }
    arrivals = 0;
    Arrays.fill(arrived, false);
    meetings++;
    fate.notifyAll();
  }

  private void awaitOthers(int rank) {
    long meeting = meetings;
    long deadline = System.nanoTime() + timeoutNanos;
    while (meeting == meetings && fate.failure.isEmpty()) {
      long remaining = deadline - System.nanoTime();
      if (remaining <= 0) {
        fail(
            "%s timed out: missing=%s timeoutMs=%d"
                .formatted(
                    called(rank),
                    ranks(arrived, false),
                    TimeUnit.NANOSECONDS.toMillis(timeoutNanos)));
        return;
      }
      try {
        TimeUnit.NANOSECONDS.timedWait(fate, remaining);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        fail(called(rank) + " interrupted");
      }
    }
  }

  private boolean calledAlike(int a, int b) {
    return operations[a].equals(operations[b])
        && lengths[a] == lengths[b]
        && elementBytes[a] == elementBytes[b]
        && Arrays.equals(bounds[a], bounds[b]);
  }

  private String called(int rank) {
    String call = "rank=%d %s length=%d".formatted(rank, operations[rank], lengths[rank]);
    if (bounds[rank].length == 0) {
      return call;
    }
    return "%s elementBytes=%d bounds=%s"
        .formatted(call, elementBytes[rank], Arrays.toString(bounds[rank]));
  }

  private void throwIfFailed(int rank) {
    if (!fate.failure.isEmpty()) {
      throw new CollectiveException(
          "%s failed: rank=%d size=%d: %s".formatted(operations[rank], rank, size, fate.failure));
    }
  }

  private List<Integer> ranks(boolean[] states, boolean wanted) {
    List<Integer> ranks = new ArrayList<>();
    for (int rank = 0; rank < size; rank++) {
      if (states[rank] == wanted) {
        ranks.add(rank);
      }
    }
    return ranks;
  }
}
