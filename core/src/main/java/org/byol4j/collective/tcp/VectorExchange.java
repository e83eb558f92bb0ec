package org.byol4j.collective.tcp;

import java.nio.channels.SelectionKey;
import org.byol4j.collective.Vector;

/**
 * What the operations on vectors have in common: to each replica go a header and a range, and from
 * each come a header and a payload, of which the operation makes what it wants.
 */
final class VectorExchange {

  /** An operation on a vector: where payloads go. */
  interface Operation extends Transfer {

    /** How many bytes come from {@code peer} behind its header. */
    long payload(int peer);

    /** Takes in what there is of a payload; false if that is nothing. */
    boolean receive(int peer);
  }

  private final Group group;
  private final VectorSender sender;
  private final HeaderReceiver headers;

  /** From how many replicas something is missing. */
  private int missing;

  VectorExchange(Wire wire, int chunkBytes) {
    this.group = wire.group();
    this.sender = new VectorSender(wire, chunkBytes);
    this.headers = new HeaderReceiver(wire);
  }

  /** What goes out; {@link VectorSender#give} says what each replica gets. */
  VectorSender sender() {
    return sender;
  }

  void begin(Call call, Vector values, long[] bounds) {
    sender.begin(call, values, bounds);
    headers.begin();
    expectAll();
  }

  /** Something will come from every other replica. */
  void expectAll() {
    missing = group.size() - 1;
  }

  /** Sends and receives what can be without waiting; false if nothing could. */
  boolean advance(Operation operation) {
    boolean moved = false;
    for (int i = 1; i < group.size(); i++) {
      int peer = group.peer(i);
      moved |= sender.advance(peer, operation);
      moved |= receive(peer, operation);
    }
    return moved;
  }

  private boolean receive(int peer, Operation operation) {
    if (!operation.isMissing(peer)) {
      return false;
    }
    boolean moved =
        headers.isHere(peer)
            ? operation.receive(peer)
            : headers.advance(peer, sender.header(), operation.payload(peer), operation);
    if (moved && !operation.isMissing(peer)) {
      missing--;
    }
    return moved;
  }

  /** Whether the header of {@code peer} has come. */
  boolean hasHeader(int peer) {
    return headers.isHere(peer);
  }

  /** Whether nothing that is expected is missing. */
  boolean hasAll() {
    return missing == 0;
  }

  /** Whether all is sent. */
  boolean isSent() {
    return sender.isDone();
  }

  /** What to wait for on the connection to {@code peer}, as a selector's set of operations. */
  int interest(int peer, boolean reads) {
    return (sender.isDone(peer) ? 0 : SelectionKey.OP_WRITE) | (reads ? SelectionKey.OP_READ : 0);
  }

  /** What this replica called, for messages. */
  String describe() {
    return Frame.describe(sender.header(), group.rank());
  }
}
