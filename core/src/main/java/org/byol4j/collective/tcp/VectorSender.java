package org.byol4j.collective.tcp;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.byol4j.collective.Vector;

/** The outgoing half of an operation on a vector: to each replica a header and one range. */
final class VectorSender {
  private final Wire wire;
  private final int rank;
  private final int chunkBytes;
  private final ByteBuffer[] headers;

  /** The first element for each replica. */
  private final long[] starts;

  private final long[] payloads;
  private final long[] sent;
  private final boolean[] flushed;
  private final ReadWindows windows;
  private Vector vector;
  private int open;

  VectorSender(Wire wire, int chunkBytes) {
    int size = wire.group().size();
    this.wire = wire;
    this.rank = wire.group().rank();
    this.chunkBytes = chunkBytes;
    this.headers = new ByteBuffer[size];
    Arrays.setAll(headers, peer -> ByteBuffer.allocateDirect(Frame.BYTES));
    this.starts = new long[size];
    this.payloads = new long[size];
    this.sent = new long[size];
    this.flushed = new boolean[size];
    this.windows = new ReadWindows(size);
  }

  /** Begins with nothing for anybody; {@link #give} says what each replica gets. */
  void begin(Call call, Vector values, long[] bounds) {
    vector = values;
    windows.begin(values);
    Arrays.fill(sent, 0);
    Arrays.fill(flushed, false);
    open = headers.length - 1;
    long digest = Frame.digest(bounds);
    for (ByteBuffer header : headers) {
      Frame.write(
          header.clear(),
          call,
          values.elementBytes(),
          wire.group().session(),
          wire.sequence(),
          values.length(),
          digest,
          0);
    }
  }

  /** The elements {@code [from, to)} go to {@code peer}. */
  void give(int peer, long from, long to) {
    starts[peer] = from;
    payloads[peer] = (to - from) * vector.elementBytes();
    Frame.setPayload(headers[peer], payloads[peer]);
    if (peer != rank) {
      expectChunk(peer, 0);
    }
  }

  /** Has a chunk begin to come, from byte {@code at} of what a replica gets, if there is any. */
  private void expectChunk(int peer, long at) {
    int bytes = (int) Math.min(chunkBytes, payloads[peer] - at);
    if (bytes > 0) {
      int elementBytes = vector.elementBytes();
      windows.expect(peer, starts[peer] + at / elementBytes, bytes / elementBytes);
    }
  }

  /** What this replica calls, as its header says it. */
  ByteBuffer header() {
    return headers[rank];
  }

  boolean advance(int peer, Transfer transfer) {
    if (flushed[peer]) {
      return false;
    }
    boolean moved = false;
    if (headers[peer].hasRemaining()) {
      moved = wire.write(peer, headers[peer], transfer) > 0;
    }
    if (!headers[peer].hasRemaining() && sent[peer] < payloads[peer]) {
      moved |= sendChunk(peer, transfer);
    }
    if (!headers[peer].hasRemaining()
        && sent[peer] == payloads[peer]
        && wire.flush(peer, transfer)) {
      flushed[peer] = true;
      open--;
      moved = true;
    }
    return moved;
  }

  boolean isDone() {
    return open == 0;
  }

  boolean isDone(int peer) {
    return flushed[peer];
  }

  /** Says that the vector was read elsewhere: it holds one range at a time for reading. */
  void forgetWindow() {
    windows.forget();
  }

  private boolean sendChunk(int peer, Transfer transfer) {
    int within = (int) (sent[peer] % chunkBytes);
    long chunk = sent[peer] - within;
    int bytes = (int) Math.min(chunkBytes, payloads[peer] - chunk);
    long from = starts[peer] + chunk / vector.elementBytes();
    ByteBuffer window = windows.chunk(peer, from, bytes / vector.elementBytes(), within, bytes);
    // what comes next is on its way while this is sent
    expectChunk(peer, chunk + bytes);
    int count = wire.write(peer, window, transfer);
    sent[peer] += count;
    return count > 0;
  }
}
