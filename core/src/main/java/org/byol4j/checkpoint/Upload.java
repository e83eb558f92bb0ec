package org.byol4j.checkpoint;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** An object that is being written and that nobody sees before {@link #commit}. */
public interface Upload extends Closeable {

  /** Appends what remains in {@code bytes}. */
  void write(ByteBuffer bytes) throws IOException;

  /** Makes the object appear, whole; when this returns, it survives a loss of power. */
  void commit() throws IOException;

  /** Discards what was written, unless it was committed. */
  @Override
  void close() throws IOException;
}
