package org.byol4j.spark.input;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.parquet.io.PositionOutputStream;
import org.byol4j.checkpoint.Upload;

/** Writes to an upload by small pieces; closed, it has handed on everything but not committed. */
final class UploadStream extends PositionOutputStream {
  private static final int BUFFER_BYTES = 1 << 16;

  private final Upload upload;
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
  private long position;

  /**
   * @param upload stays the caller's
   */
  UploadStream(Upload upload) {
    this.upload = upload;
  }

  @Override
  public long getPos() {
    return position;
  }

  @Override
  public void write(int value) throws IOException {
    if (!buffer.hasRemaining()) {
      flush();
    }
    buffer.put((byte) value);
    position++;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    if (length > buffer.remaining()) {
      flush();
    }
    if (length > buffer.remaining()) {
      upload.write(ByteBuffer.wrap(bytes, offset, length));
    } else {
      buffer.put(bytes, offset, length);
    }
    position += length;
  }

  @Override
  public void flush() throws IOException {
    upload.write(buffer.flip());
    buffer.clear();
  }

  @Override
  public void close() throws IOException {
    flush();
  }
}
