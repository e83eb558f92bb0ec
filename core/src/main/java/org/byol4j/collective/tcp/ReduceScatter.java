package org.byol4j.collective.tcp;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.byol4j.collective.RankOrderSum;
import org.byol4j.collective.Vector;

/**
 * Each replica sends everyone the part of its vector that they own. The own part is summed a chunk
 * at a time, as soon as the chunk has come from all, in rank order.
 */
final class ReduceScatter implements VectorExchange.Operation {
  private final Wire wire;
  private final int rank;
  private final int size;
  private final int chunkBytes;
  private final VectorExchange exchange;
  private final RankOrderSum rankOrderSum;

  /** Per replica, the chunk in progress; the own rank's is not used. */
  private final ByteBuffer[] chunks;

  private final FloatBuffer[] floats;
  private final DoubleBuffer[] doubles;
  private Vector vector;
  private long ownStart;
  private long ownBytes;

  /** How much of the own range is summed. */
  private long summed;

  ReduceScatter(Wire wire, int chunkBytes) {
    this.wire = wire;
    this.rank = wire.group().rank();
    this.size = wire.group().size();
    this.chunkBytes = chunkBytes;
    this.exchange = new VectorExchange(wire, chunkBytes);
    this.rankOrderSum = new RankOrderSum();
    this.chunks = new ByteBuffer[size];
    Arrays.setAll(
        chunks, peer -> ByteBuffer.allocateDirect(chunkBytes).order(ByteOrder.nativeOrder()));
    this.floats = new FloatBuffer[size];
    this.doubles = new DoubleBuffer[size];
    for (int peer = 0; peer < size; peer++) {
      floats[peer] = chunks[peer].asFloatBuffer();
      doubles[peer] = chunks[peer].asDoubleBuffer();
    }
  }

  void run(Vector values, long[] bounds, long timeoutNanos) {
    vector = values;
    ownStart = bounds[rank];
    ownBytes = (bounds[rank + 1] - ownStart) * values.elementBytes();
    summed = 0;
    exchange.begin(Call.REDUCE_SCATTER, values, bounds);
    for (int peer = 0; peer < size; peer++) {
      exchange.sender().give(peer, bounds[peer], bounds[peer + 1]);
    }
    beginChunk();
    wire.run(this, timeoutNanos);
  }

  private void beginChunk() {
    int bytes = (int) Math.min(chunkBytes, ownBytes - summed);
    for (ByteBuffer chunk : chunks) {
      chunk.clear().limit(bytes);
    }
    exchange.expectAll();
    if (bytes > 0) {
      int elementBytes = vector.elementBytes();
      vector.beginRead(ownStart + summed / elementBytes, bytes / elementBytes);
    }
  }

  @Override
  public boolean advance() {
    boolean moved = exchange.advance(this);
    if (exchange.hasAll() && summed < ownBytes) {
      sum();
      moved = true;
    }
    return moved;
  }

  @Override
  public long payload(int peer) {
    return ownBytes;
  }

  @Override
  public boolean receive(int peer) {
    return wire.read(peer, chunks[peer], this) > 0;
  }

  private void sum() {
    int elementBytes = vector.elementBytes();
    int bytes = chunks[rank].limit();
    int count = bytes / elementBytes;
    long from = ownStart + summed / elementBytes;
    exchange.sender().forgetWindow();
    ByteBuffer own = vector.read(from, count);
    ByteBuffer sums = vector.write(from, count);
    if (elementBytes == Float.BYTES) {
      for (FloatBuffer term : floats) {
        term.clear();
      }
      floats[rank] = own.asFloatBuffer();
      rankOrderSum.sum(floats, count, sums.asFloatBuffer());
    } else {
      for (DoubleBuffer term : doubles) {
        term.clear();
      }
      doubles[rank] = own.asDoubleBuffer();
      rankOrderSum.sum(doubles, count, sums.asDoubleBuffer());
    }
    vector.written(from, count);
    summed += bytes;
    if (summed < ownBytes) {
      beginChunk();
    }
  }

  @Override
  public boolean isDone() {
    return exchange.hasAll() && summed == ownBytes && exchange.isSent();
  }

  @Override
  public int interest(int peer) {
    return exchange.interest(peer, isMissing(peer));
  }

  @Override
  public boolean isMissing(int peer) {
    return !exchange.hasHeader(peer) || chunks[peer].hasRemaining();
  }

  @Override
  public Call call() {
    return Call.REDUCE_SCATTER;
  }

  @Override
  public String describe() {
    return exchange.describe();
  }
}
