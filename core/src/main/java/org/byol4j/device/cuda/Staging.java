package org.byol4j.device.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import org.bytedeco.javacpp.BytePointer;

/**
 * The way between the heap and the GPU, through pinned memory, a piece at a time: while one piece
 * travels to the GPU the next one is filled. What is small shares a piece, so that nobody waits
 * before two pieces are full. After a wait everything begins anew at the same place.
 */
final class Staging implements AutoCloseable {

  private static final int PIECES = 2;
  private static final int PIECE_BYTES = 8 << 20;
  private static final int PIECE_FLOATS = PIECE_BYTES / Float.BYTES;
  private static final int PIECE_DOUBLES = PIECE_BYTES / Double.BYTES;

  private static final class Piece {
    private final long address;
    private final FloatBuffer floats;
    private final DoubleBuffer doubles;
    private final LongBuffer longs;

    /** Bytes that may be on their way. */
    private int taken;

    private Piece(long address, ByteBuffer memory) {
      this.address = address;
      ByteBuffer bytes = memory.order(ByteOrder.nativeOrder());
      floats = bytes.asFloatBuffer();
      doubles = bytes.asDoubleBuffer();
      longs = bytes.asLongBuffer();
    }
  }

  private final Gpu gpu;
  private final Waits waits;
  private final BytePointer pinned;
  private final Piece[] pieces = new Piece[PIECES];
  private int current;

  /** How often somebody had waited when pieces began to be taken. */
  private long takenAt = -1;

  Staging(Gpu gpu, Waits waits) {
    this.gpu = gpu;
    this.waits = waits;
    pinned = gpu.pinned((long) PIECES * PIECE_BYTES);
    ByteBuffer all = pinned.asByteBuffer();
    for (int i = 0; i < PIECES; i++) {
      int at = i * PIECE_BYTES;
      pieces[i] = new Piece(pinned.address() + at, all.slice(at, PIECE_BYTES));
    }
  }

  /** Starts to copy {@code count} values to {@code address}; the buffer's position moves. */
  void upload(FloatBuffer from, long address, long count) {
    for (long at = 0; at < count; at += PIECE_FLOATS) {
      int length = (int) Math.min(PIECE_FLOATS, count - at);
      int start = take(length * Float.BYTES);
      Piece piece = pieces[current];
      piece.floats.put(start / Float.BYTES, from, from.position(), length);
      from.position(from.position() + length);
      send(start, address + at * Float.BYTES, length * Float.BYTES);
    }
  }

  /** Starts to copy values to {@code address}. */
  void upload(long[] from, long address) {
    for (int at = 0; at < from.length; at += PIECE_DOUBLES) {
      int length = Math.min(PIECE_DOUBLES, from.length - at);
      int start = take(length * Long.BYTES);
      pieces[current].longs.put(start / Long.BYTES, from, at, length);
      send(start, address + (long) at * Long.BYTES, length * Long.BYTES);
    }
  }

  /** Starts to copy values to {@code address}. */
  void upload(double[] from, long address) {
    requireFits(from.length);
    int start = take(from.length * Double.BYTES);
    pieces[current].doubles.put(start / Double.BYTES, from);
    send(start, address, from.length * Double.BYTES);
  }

  /** Copies {@code count} values from {@code address}; the buffer's position moves. */
  void download(long address, FloatBuffer to, long count) {
    for (long at = 0; at < count; at += PIECE_FLOATS) {
      int length = (int) Math.min(PIECE_FLOATS, count - at);
      int start = take(length * Float.BYTES);
      Piece piece = pieces[current];
      gpu.copy(address + at * Float.BYTES, piece.address + start, (long) length * Float.BYTES);
      waits.await();
      to.put(to.position(), piece.floats, start / Float.BYTES, length);
      to.position(to.position() + length);
    }
  }

  /** Copies as many values from {@code address} as the array holds. */
  void download(long address, double[] to) {
    download(address, to, 0, to.length);
  }

  /** Copies {@code count} values from {@code address} to {@code to[at]} and on. */
  void download(long address, double[] to, int at, int count) {
    requireFits(count);
    int start = take(count * Double.BYTES);
    Piece piece = pieces[current];
    gpu.copy(address, piece.address + start, (long) count * Double.BYTES);
    waits.await();
    piece.doubles.get(start / Double.BYTES, to, at, count);
  }

  private void send(int start, long address, int bytes) {
    gpu.copy(pieces[current].address + start, address, bytes);
  }

  /** Finds room in what becomes the current piece, and returns where it begins there. */
  private int take(int bytes) {
    if (waits.count() != takenAt) {
      startAnew();
    }
    if (pieces[current].taken + bytes > PIECE_BYTES) {
      if (current == pieces.length - 1) {
        waits.await();
        startAnew();
      } else {
        current++;
      }
    }
    Piece piece = pieces[current];
    int start = piece.taken;
    // everything begins where doubles may
    piece.taken += (bytes + Double.BYTES - 1) / Double.BYTES * Double.BYTES;
    return start;
  }

  private void startAnew() {
    for (Piece piece : pieces) {
      piece.taken = 0;
    }
    current = 0;
    takenAt = waits.count();
  }

  private static void requireFits(int doubles) {
    if (doubles > PIECE_DOUBLES) {
      throw new IllegalArgumentException(
          "values=%d, expected at most %d at a time".formatted(doubles, PIECE_DOUBLES));
    }
  }

  @Override
  public void close() {
    gpu.unpin(pinned);
  }
}
