package org.byol4j.data;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.FloatPointer;

/** Float32 images in native memory, {@code [rows, size, size, 3]}. */
final class FloatMemory implements AutoCloseable {
  private final FloatPointer memory;
  private final FloatBuffer buffer;

  /**
   * Zeroed memory.
   *
   * @param rows how many images
   * @param rowLength floats per image
   * @throws IllegalArgumentException if that is more than a buffer can hold
   */
  FloatMemory(int rows, int rowLength) {
    long bytes = (long) rows * rowLength * Float.BYTES;
    if (bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "a view of rows=%d takes bytes=%d, expected at most %d rows: more micro-batches have fewer"
              .formatted(rows, bytes, Integer.MAX_VALUE / Float.BYTES / rowLength));
    }
    this.memory = new FloatPointer((long) rows * rowLength).zero();
    this.buffer = memory.asBuffer();
  }

  /** The memory; not to be used once this is closed. */
  FloatBuffer buffer() {
    return buffer;
  }

  @Override
  public void close() {
    memory.close();
  }
}
