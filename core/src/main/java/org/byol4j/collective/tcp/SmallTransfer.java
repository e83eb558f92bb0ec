package org.byol4j.collective.tcp;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.channels.SelectionKey;
import java.util.Arrays;

/**
 * Everyone sends the same values to everyone, in one frame and one hop. Buffers grow with the
 * longest operation of this replica, never with what another one says.
 */
final class SmallTransfer implements Transfer {
  private final Wire wire;
  private final Group group;
  private final int[] sent;
  private final boolean[] flushed;
  private final boolean[] checked;
  private final ByteBuffer[] frames;

  /** The values of each replica, by rank, as views of the frames. */
  private final DoubleBuffer[] values;

  private int capacity = -1;
  private Call call = Call.JOIN;
  private int length;
  private int frameBytes;
  private int open;

  SmallTransfer(Wire wire) {
    this.wire = wire;
    this.group = wire.group();
    this.sent = new int[group.size()];
    this.flushed = new boolean[group.size()];
    this.checked = new boolean[group.size()];
    this.frames = new ByteBuffer[group.size()];
    this.values = new DoubleBuffer[group.size()];
    ensureCapacity(0);
  }

  /**
   * Sends {@code mine} to all and returns the values of all, by rank, valid until the next call.
   */
  DoubleBuffer[] exchange(Call operation, double[] mine, long timeoutNanos) {
    call = operation;
    length = mine.length;
    ensureCapacity(length);
    int payload = length * Double.BYTES;
    frameBytes = Frame.BYTES + payload;
    ByteBuffer own = frames[group.rank()];
    Frame.write(own, call, Double.BYTES, group.session(), wire.sequence(), length, 0, payload);
    values[group.rank()].put(0, mine);
    for (int peer = 0; peer < frames.length; peer++) {
      if (peer != group.rank()) {
        frames[peer].clear().limit(frameBytes);
      }
    }
    Arrays.fill(sent, 0);
    Arrays.fill(flushed, false);
    Arrays.fill(checked, false);
    open = 2 * (group.size() - 1);
    wire.run(this, timeoutNanos);
    return values;
  }

  @Override
  public boolean advance() {
    boolean moved = false;
    for (int i = 1; i < frames.length; i++) {
      int peer = group.peer(i);
      moved |= send(peer);
      moved |= receive(peer);
    }
    return moved;
  }

  private boolean send(int peer) {
    if (flushed[peer]) {
      return false;
    }
    boolean moved = false;
    if (sent[peer] < frameBytes) {
      ByteBuffer own = frames[group.rank()];
      own.limit(frameBytes).position(sent[peer]);
      int count = wire.write(peer, own, this);
      sent[peer] += count;
      moved = count > 0;
    }
    if (sent[peer] == frameBytes && wire.flush(peer, this)) {
      flushed[peer] = true;
      open--;
      moved = true;
    }
    return moved;
  }

  private boolean receive(int peer) {
    ByteBuffer frame = frames[peer];
    if (!frame.hasRemaining() || wire.read(peer, frame, this) == 0) {
      return false;
    }
    if (!checked[peer] && frame.position() >= Frame.BYTES) {
      checked[peer] = true;
      wire.check(peer, frame, frames[group.rank()], (long) frameBytes - Frame.BYTES, this);
    }
    if (!frame.hasRemaining()) {
      open--;
    }
    return true;
  }

  @Override
  public boolean isDone() {
    return open == 0;
  }

  @Override
  public int interest(int peer) {
    return (flushed[peer] ? 0 : SelectionKey.OP_WRITE)
        | (isMissing(peer) ? SelectionKey.OP_READ : 0);
  }

  @Override
  public boolean isMissing(int peer) {
    return frames[peer].hasRemaining();
  }

  @Override
  public Call call() {
    return call;
  }

  @Override
  public String describe() {
    return Frame.describe(frames[group.rank()], group.rank());
  }

  private void ensureCapacity(int doubles) {
    if (doubles <= capacity) {
      return;
    }
    capacity = Math.max(doubles, Integer.highestOneBit(Math.max(1, doubles)) << 1);
    for (int peer = 0; peer < frames.length; peer++) {
      ByteBuffer frame =
          ByteBuffer.allocateDirect(
              Math.addExact(Frame.BYTES, Math.multiplyExact(capacity, Double.BYTES)));
      frames[peer] = frame;
      values[peer] =
          frame
              .slice(Frame.BYTES, capacity * Double.BYTES)
              .order(ByteOrder.nativeOrder())
              .asDoubleBuffer();
    }
  }
}
