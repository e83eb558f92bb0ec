package org.byol4j.collective.tcp;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.byol4j.collective.Vector;

/**
 * Each replica sends its own range to everyone. What comes goes straight into the vector, one chunk
 * at a time: a vector has one range at a time for writing.
 */
final class Gather implements VectorExchange.Operation {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
  private static final int NOBODY = -1;

  private final Wire wire;
  private final int rank;
  private final int size;
  private final int chunkBytes;
  private final VectorExchange exchange;
  private final long[] starts;
  private final long[] payloads;
  private final long[] received;
  private Vector vector;

  /** Whose chunk is half here, where it goes, and what it is. */
  private int writer = NOBODY;

  private ByteBuffer chunk = NOTHING;
  private long chunkFrom;
  private int chunkCount;

  Gather(Wire wire, int chunkBytes) {
    this.wire = wire;
    this.rank = wire.group().rank();
    this.size = wire.group().size();
    this.chunkBytes = chunkBytes;
    this.exchange = new VectorExchange(wire, chunkBytes);
    this.starts = new long[size];
    this.payloads = new long[size];
    this.received = new long[size];
  }

  void run(Vector values, long[] bounds, long timeoutNanos) {
    vector = values;
    writer = NOBODY;
    Arrays.fill(received, 0);
    exchange.begin(Call.ALL_GATHER_VECTOR, values, bounds);
    for (int peer = 0; peer < size; peer++) {
      exchange.sender().give(peer, bounds[rank], bounds[rank + 1]);
      starts[peer] = bounds[peer];
      payloads[peer] = (bounds[peer + 1] - bounds[peer]) * values.elementBytes();
    }
    wire.run(this, timeoutNanos);
  }

  @Override
  public boolean advance() {
    return exchange.advance(this);
  }

  @Override
  public long payload(int peer) {
    return payloads[peer];
  }

  @Override
  public boolean receive(int peer) {
    if (writer != NOBODY && writer != peer) {
      return false;
    }
    if (writer == NOBODY) {
      int elementBytes = vector.elementBytes();
      int bytes = (int) Math.min(chunkBytes, payloads[peer] - received[peer]);
      chunkFrom = starts[peer] + received[peer] / elementBytes;
      chunkCount = bytes / elementBytes;
      chunk = vector.write(chunkFrom, chunkCount);
      chunk.limit(chunk.position() + bytes);
    }
    int count = wire.read(peer, chunk, this);
    if (count == 0) {
      return false;
    }
    received[peer] += count;
    writer = peer;
    if (!chunk.hasRemaining()) {
      vector.written(chunkFrom, chunkCount);
      writer = NOBODY;
    }
    return true;
  }

  @Override
  public boolean isDone() {
    return exchange.hasAll() && exchange.isSent();
  }

  @Override
  public int interest(int peer) {
    boolean reads =
        isMissing(peer) && (!exchange.hasHeader(peer) || writer == NOBODY || writer == peer);
    return exchange.interest(peer, reads);
  }

  @Override
  public boolean isMissing(int peer) {
    return !exchange.hasHeader(peer) || received[peer] < payloads[peer];
  }

  @Override
  public Call call() {
    return Call.ALL_GATHER_VECTOR;
  }

  @Override
  public String describe() {
    return exchange.describe();
  }
}
