package org.byol4j.device.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.BytePointer;

/**
 * The way between the heap and the GPU, through pinned memory, a piece at a time: while one piece
 * travels to the GPU the next one is filled.
 */
final class Staging implements AutoCloseable {

  private static final int PIECE_BYTES = 8 << 20;
  private static final int PIECE_FLOATS = PIECE_BYTES / Float.BYTES;
  private static final int PIECE_DOUBLES = PIECE_BYTES / Double.BYTES;

  private static final class Piece {
    private final BytePointer memory;
    private final FloatBuffer floats;
    private final DoubleBuffer doubles;
    private boolean travels;

    private Piece(BytePointer memory) {
      this.memory = memory;
      ByteBuffer bytes = memory.asByteBuffer().order(ByteOrder.nativeOrder());
      floats = bytes.asFloatBuffer();
      doubles = bytes.asDoubleBuffer();
    }
  }

  private final Gpu gpu;
  private final Piece[] pieces;
  private int next;

  Staging(Gpu gpu) {
    this.gpu = gpu;
    pieces = new Piece[] {new Piece(gpu.pinned(PIECE_BYTES)), new Piece(gpu.pinned(PIECE_BYTES))};
  }

  /** Starts to copy {@code count} values to {@code address}; the buffer's position moves. */
  void upload(FloatBuffer from, long address, long count) {
    for (long at = 0; at < count; at += PIECE_FLOATS) {
      int length = (int) Math.min(PIECE_FLOATS, count - at);
      Piece piece = freePiece();
      piece.floats.put(0, from, from.position(), length);
      from.position(from.position() + length);
      gpu.copy(piece.memory.address(), address + at * Float.BYTES, (long) length * Float.BYTES);
      piece.travels = true;
    }
  }

  /** Starts to copy values to {@code address}. */
  void upload(double[] from, long address) {
    requireFits(from.length);
    Piece piece = freePiece();
    piece.doubles.put(0, from);
    gpu.copy(piece.memory.address(), address, (long) from.length * Double.BYTES);
    piece.travels = true;
  }

  /** Copies {@code count} values from {@code address}; the buffer's position moves. */
  void download(long address, FloatBuffer to, long count) {
    for (long at = 0; at < count; at += PIECE_FLOATS) {
      int length = (int) Math.min(PIECE_FLOATS, count - at);
      Piece piece = freePiece();
      gpu.copy(address + at * Float.BYTES, piece.memory.address(), (long) length * Float.BYTES);
      await();
      to.put(to.position(), piece.floats, 0, length);
      to.position(to.position() + length);
    }
  }

  /** Copies as many values from {@code address} as the array holds. */
  void download(long address, double[] to) {
    requireFits(to.length);
    Piece piece = freePiece();
    gpu.copy(address, piece.memory.address(), (long) to.length * Double.BYTES);
    await();
    piece.doubles.get(0, to);
  }

  private Piece freePiece() {
    Piece piece = pieces[next];
    next = 1 - next;
    if (piece.travels) {
      await();
    }
    return piece;
  }

  private void await() {
    gpu.await();
    for (Piece piece : pieces) {
      piece.travels = false;
    }
  }

  private static void requireFits(int doubles) {
    if (doubles > PIECE_DOUBLES) {
      throw new IllegalArgumentException(
          "values=%d, expected at most %d at a time".formatted(doubles, PIECE_DOUBLES));
    }
  }

  @Override
  public void close() {
    for (Piece piece : pieces) {
      gpu.unpin(piece.memory);
    }
  }
}
