package org.byol4j.collective.tcp;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReference;
import org.byol4j.collective.CollectiveException;

/**
 * What the threads of one replica share about its group: who it is, and why it failed, if it did.
 * The first reason stands.
 */
final class Group {
  private final int rank;
  private final int size;
  private final long session;
  private final AtomicIntegerArray left;
  private final AtomicReference<Failure> failure = new AtomicReference<>(Failure.NONE);
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  /** The reason in words, and what was thrown, if that was the reason. */
  private record Failure(String reason, Optional<Throwable> cause) {
    static final Failure NONE = new Failure("", Optional.empty());
  }

  Group(int rank, int size, long session) {
    this.rank = rank;
    this.size = size;
    this.session = session;
    this.left = new AtomicIntegerArray(size);
  }

  int rank() {
    return rank;
  }

  int size() {
    return size;
  }

  /**
   * The {@code i}-th replica after this one, round and round: if all replicas go through the others
   * in this order, they do not all turn to the same one.
   */
  int peer(int i) {
    int peer = rank + i;
    return peer < size ? peer : peer - size;
  }

  long session() {
    return session;
  }

  /** Why the group failed; empty if it did not. */
  String failure() {
    return failure.get().reason;
  }

  boolean hasFailed() {
    return !failure.get().reason.isEmpty();
  }

  /** Fails the group, for this replica; the listeners tell the others and wake who waits. */
  void fail(String reason) {
    fail(new Failure(reason, Optional.empty()));
  }

  /** Fails the group for something that was thrown. */
  void fail(String reason, Throwable cause) {
    fail(new Failure(reason, Optional.of(cause)));
  }

  private void fail(Failure reason) {
    if (failure.compareAndSet(Failure.NONE, reason)) {
      listeners.forEach(Runnable::run);
    }
  }

  /** Says that a replica takes part no longer, in good order. */
  void leave(int peer) {
    left.set(peer, 1);
  }

  boolean hasLeft(int peer) {
    return left.get(peer) == 1;
  }

  /** Runs {@code listener} when the group fails, on the thread that says so. */
  void onFailure(Runnable listener) {
    listeners.add(listener);
  }

  /** The exception of an operation that the group's failure ends. */
  CollectiveException exception(String operation, long sequence) {
    Failure first = failure.get();
    String message =
        "%s failed: rank=%d size=%d sequence=%d: %s"
            .formatted(operation, rank, size, sequence, first.reason);
    return first
        .cause
        .map(cause -> new CollectiveException(message, cause))
        .orElseGet(() -> new CollectiveException(message));
  }
}
