package org.byol4j.device.onednn;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A zeroed block of native memory, aligned for vectors and, when large, for huge pages. Counts its
 * changes, so that whoever derives something from its contents knows when to do it again.
 */
final class NativeMemory implements AutoCloseable {

  /** Elements in a segment: a buffer must stay below 2 GiB. */
  private static final long SEGMENT = 1L << 28;

  /** How far a segment reaches into the next one, so that no tile crosses a border. */
  private static final int OVERLAP = 1 << 16;

  private static final long CACHE_LINE = 64;
  private static final long HUGE_PAGE = 2L << 20;
  private static final int MADV_HUGEPAGE = 14;
  private static final Function ADVISE = NativeLibrary.getInstance("c").getFunction("madvise");

  private final BytePointer block;
  private final BytePointer start;
  private final long bytes;
  private final FloatBuffer[] segments;
  private long version;
  private boolean closed;

  /**
   * @throws OutOfMemoryError if the system or JavaCPP refuses it
   */
  NativeMemory(long bytes) {
    this.bytes = bytes;
    long alignment = bytes >= 2 * HUGE_PAGE ? HUGE_PAGE : CACHE_LINE;
    block = new BytePointer(bytes + alignment);
    start = block.getPointer((alignment - block.address() % alignment) % alignment);
    if (alignment == HUGE_PAGE) {
      // fewer misses when a convolution strides through it; a refusal costs only speed
      int ignored =
          ADVISE.invokeInt(
              new Object[] {new com.sun.jna.Pointer(start.address()), bytes, MADV_HUGEPAGE});
    }
    Pointer.memset(start, 0, bytes);
    segments = segments();
  }

  private FloatBuffer[] segments() {
    long elements = bytes / Float.BYTES;
    FloatBuffer[] made = new FloatBuffer[(int) ((elements + SEGMENT - 1) / SEGMENT)];
    for (int i = 0; i < made.length; i++) {
      long from = i * SEGMENT;
      long count = Math.min(SEGMENT + OVERLAP, elements - from);
      made[i] = slice(from, count).asFloatBuffer();
    }
    return made;
  }

  /** The elements {@code [from, from + count)} as a buffer over this memory. */
  ByteBuffer slice(long from, long count) {
    return at(from * Float.BYTES)
        .capacity(count * Float.BYTES)
        .asByteBuffer()
        .order(ByteOrder.nativeOrder());
  }

  /** A pointer to the byte at {@code offset}; it keeps this memory reachable. */
  BytePointer at(long offset) {
    return start.getPointer(offset);
  }

  long bytes() {
    return bytes;
  }

  /** Copies {@code count} elements from {@code from} on into {@code tile}; at most 65,536. */
  void get(long from, float[] tile, int count) {
    get(from, tile, 0, count);
  }

  /** The same, to index {@code at} of {@code tile} and on. */
  void get(long from, float[] tile, int at, int count) {
    segments[(int) (from / SEGMENT)].get((int) (from % SEGMENT), tile, at, count);
  }

  /** Copies the first {@code count} elements of {@code tile} to {@code from}; at most 65,536. */
  void put(long from, float[] tile, int count) {
    put(from, tile, 0, count);
  }

  /** The same, from index {@code at} of {@code tile} on. */
  void put(long from, float[] tile, int at, int count) {
    segments[(int) (from / SEGMENT)].put((int) (from % SEGMENT), tile, at, count);
  }

  /** How often the contents were changed. */
  long version() {
    return version;
  }

  /** Says that the contents have changed. */
  void changed() {
    version++;
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("tensor was closed: bytes=" + bytes);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      start.close();
      block.close();
    }
  }
}
