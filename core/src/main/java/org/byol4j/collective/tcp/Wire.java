package org.byol4j.collective.tcp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * The connections of one lane to all other replicas, and how the one thread that uses them waits.
 * Operations are numbered, and one is over before the next begins.
 */
final class Wire implements AutoCloseable {
  /** How often a sleeping thread looks whether its task is to be ended. */
  private static final long TICK_MS = 50;

  /** How long the reason of a lost connection may take to arrive on the control lane. */
  private static final long VERDICT_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long VERDICT_TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private final Group group;

  /** By rank; there is none to the replica itself. */
  private final Link[] links;

  private final SelectionKey[] keys;
  private final Selector selector;
  private final Patience patience;
  private final Supplier<Optional<String>> interruption;
  private long sequence;

  /**
   * Takes over the connections.
   *
   * @param others the connections to all other replicas, in the order of their ranks
   */
  Wire(Group group, List<Link> others, long spinNanos, Supplier<Optional<String>> interruption) {
    this.group = group;
    this.links = new Link[group.size()];
    this.keys = new SelectionKey[group.size()];
    this.patience = new Patience(spinNanos);
    this.interruption = interruption;
    try {
      this.selector = Selector.open();
      for (int peer = 0; peer < links.length; peer++) {
        if (peer != group.rank()) {
          links[peer] = others.get(peer < group.rank() ? peer : peer - 1);
          keys[peer] = links[peer].channel().register(selector, 0);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("no selector for the replica's connections", e);
    }
    group.onFailure(selector::wakeup);
  }

  Group group() {
    return group;
  }

  /** The number of operations before the one that begins next. */
  long sequence() {
    return sequence;
  }

  /** Carries an operation through, or fails the group. */
  void run(Transfer transfer, long timeoutNanos) {
    failIfInterrupted(transfer);
    long idleSince = 0;
    boolean slept = false;
    while (true) {
      throwIfFailed(transfer);
      boolean moved = transfer.advance();
      if (moved && idleSince != 0) {
        if (!slept) {
          patience.rewarded();
        }
        idleSince = 0;
        slept = false;
      }
      if (transfer.isDone()) {
        sequence++;
        return;
      }
      if (moved) {
        continue;
      }
      long now = System.nanoTime();
      if (idleSince == 0) {
        idleSince = now;
      }
      if (now - idleSince < patience.nanos()) {
        Thread.onSpinWait();
        continue;
      }
      if (!slept) {
        patience.inVain();
        slept = true;
      }
      if (now - idleSince > timeoutNanos) {
        fail(
            transfer,
            "timed out: missing=%s timeoutMs=%d"
                .formatted(missing(transfer), TimeUnit.NANOSECONDS.toMillis(timeoutNanos)));
      }
      sleep(transfer);
    }
  }

  /** Reads what is there from a replica, which may have been lost. */
  int read(int peer, ByteBuffer to, Transfer transfer) {
    try {
      int count = links[peer].read(to);
      if (count >= 0) {
        return count;
      }
      throw lost(peer, "was closed", transfer);
    } catch (IOException e) {
      throw lost(peer, "broke: " + e.getMessage(), transfer);
    }
  }

  /** Sends what the connection takes to a replica, which may have been lost. */
  int write(int peer, ByteBuffer from, Transfer transfer) {
    try {
      return links[peer].write(from);
    } catch (IOException e) {
      throw lost(peer, "broke: " + e.getMessage(), transfer);
    }
  }

  /** Whether all that was written has left. */
  boolean flush(int peer, Transfer transfer) {
    try {
      return links[peer].flush();
    } catch (IOException e) {
      throw lost(peer, "broke: " + e.getMessage(), transfer);
    }
  }

  /** Compares a replica's header with our own, and fails the group if they are not of one kind. */
  void check(int peer, ByteBuffer theirs, ByteBuffer ours, long payload, Transfer transfer) {
    if (Frame.matches(theirs, ours, payload)) {
      return;
    }
    if (!Frame.isOurs(theirs, group.session())) {
      fail(transfer, "frame of rank=%d is not of session=%d".formatted(peer, group.session()));
    }
    group.fail(
        "replicas out of step: %s, %s"
            .formatted(
                peer < group.rank() ? Frame.describe(theirs, peer) : transfer.describe(),
                peer < group.rank() ? transfer.describe() : Frame.describe(theirs, peer)));
    throwIfFailed(transfer);
  }

  private void sleep(Transfer transfer) {
    Optional<String> reason = interruption.get();
    if (reason.isPresent()) {
      fail(transfer, "interrupted: " + reason.get());
    }
    failIfInterrupted(transfer);
    try {
      for (int peer = 0; peer < keys.length; peer++) {
        if (peer != group.rank()) {
          keys[peer].interestOps(transfer.interest(peer));
        }
      }
      selector.select(Wire::ignore, TICK_MS);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot wait for the replica's connections", e);
    }
  }

  private void failIfInterrupted(Transfer transfer) {
    if (Thread.currentThread().isInterrupted()) {
      fail(transfer, "interrupted");
    }
  }

  /** What is ready shows in the next attempt. */
  private static void ignore(SelectionKey key) {}

  private void throwIfFailed(Transfer transfer) {
    if (group.hasFailed()) {
      throw group.exception(transfer.call().toString(), sequence);
    }
  }

  private void fail(Transfer transfer, String reason) {
    group.fail("%s %s".formatted(transfer.describe(), reason));
    throwIfFailed(transfer);
  }

  /** The control lane knows why; this one only knows that nothing comes any more. */
  private RuntimeException lost(int peer, String how, Transfer transfer) {
    long deadline = System.nanoTime() + VERDICT_NANOS;
    while (!group.hasFailed() && !group.hasLeft(peer) && System.nanoTime() < deadline) {
      LockSupport.parkNanos(VERDICT_TICK_NANOS);
    }
    group.fail(
        group.hasLeft(peer)
            ? "rank=%d has left, %s waits for it".formatted(peer, transfer.describe())
            : "rank=%d is lost: its data connection %s".formatted(peer, how));
    return group.exception(transfer.call().toString(), sequence);
  }

  private List<Integer> missing(Transfer transfer) {
    List<Integer> missing = new ArrayList<>();
    for (int peer = 0; peer < group.size(); peer++) {
      if (peer != group.rank() && transfer.isMissing(peer)) {
        missing.add(peer);
      }
    }
    return missing;
  }

  /** Closes the connections. */
  @Override
  public void close() {
    for (int peer = 0; peer < links.length; peer++) {
      if (peer != group.rank()) {
        links[peer].close();
      }
    }
    Sockets.close(selector);
  }
}
