package org.byol4j.data;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;

/** The images of all batches of a ring, float32 in native memory. */
final class FloatMemory implements AutoCloseable {
  private final List<FloatPointer> blocks = new ArrayList<>();

  /**
   * Makes room for images, all 0; the buffer is not to be used once this is closed.
   *
   * @param rows how many images
   * @param rowLength floats per image
   * @throws IllegalArgumentException if that is more than a buffer can hold
   */
  FloatBuffer allocate(int rows, int rowLength) {
    long bytes = (long) rows * rowLength * Float.BYTES;
    if (bytes > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "a view of rows=%d takes bytes=%d, expected at most %d rows: more micro-batches have fewer"
              .formatted(rows, bytes, Integer.MAX_VALUE / Float.BYTES / rowLength));
    }
    FloatPointer block = new FloatPointer((long) rows * rowLength).zero();
    blocks.add(block);
    return block.asBuffer();
  }

  @Override
  public void close() {
    blocks.forEach(FloatPointer::close);
    blocks.clear();
  }
}
