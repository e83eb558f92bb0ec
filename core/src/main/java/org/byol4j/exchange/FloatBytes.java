package org.byol4j.exchange;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.byol4j.checkpoint.Upload;

/** Writes float32 values, little endian and nothing else, a piece at a time. */
final class FloatBytes {
  private static final int CHUNK_BYTES = 1 << 20;

  private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);

  /** Writes what remains in {@code values}, whose position stays. */
  void write(FloatBuffer values, Upload to) throws IOException {
    FloatBuffer rest = values.duplicate();
    while (rest.hasRemaining()) {
      int count = Math.min(rest.remaining(), CHUNK_BYTES / Float.BYTES);
      chunk.clear().limit(count * Float.BYTES);
      chunk.asFloatBuffer().put(rest.slice().limit(count));
      to.write(chunk);
      rest.position(rest.position() + count);
    }
  }
}
