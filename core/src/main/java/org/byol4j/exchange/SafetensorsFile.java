package org.byol4j.exchange;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An open safetensors file whose header was found right. Memory is taken for the header, which is
 * no longer than the file, and for nothing else that the file asks for. Close it.
 */
public final class SafetensorsFile implements BackboneFile {
  /** The limit of the reference implementation. */
  private static final long MAX_HEADER_BYTES = 100_000_000;

  private static final int CHUNK_BYTES = 1 << 20;

  private final Path path;
  private final FileChannel channel;
  private final SafetensorsHeader header;
  private final long valuesStart;

  private SafetensorsFile(
      Path path, FileChannel channel, SafetensorsHeader header, long valuesStart) {
    this.path = path;
    this.channel = channel;
    this.header = header;
    this.valuesStart = valuesStart;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws ExchangeException if there is no such file, or it is malformed
   * @throws UncheckedIOException if it cannot be read
   */
  public static SafetensorsFile open(Path path) {
    FileChannel channel;
    try {
      channel = FileChannel.open(path);
    } catch (NoSuchFileException e) {
      throw new ExchangeException("%s: no such file".formatted(path), e);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read %s: %s".formatted(path, e), e);
    }
    try {
      return checked(path, channel);
    } catch (IOException e) {
      close(channel, e);
      throw new UncheckedIOException("cannot read %s: %s".formatted(path, e), e);
    } catch (RuntimeException e) {
      close(channel, e);
      throw e;
    }
  }

  private static SafetensorsFile checked(Path path, FileChannel channel) throws IOException {
    long length = channel.size();
    if (length < Long.BYTES) {
      throw new ExchangeException(
          "%s: lengthBytes=%d, expected a safetensors file of at least %d"
              .formatted(path, length, Long.BYTES));
    }
    ByteBuffer first = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    fill(channel, first, 0);
    long headerBytes = first.getLong(0);
    long most = Math.min(MAX_HEADER_BYTES, length - Long.BYTES);
    if (headerBytes < 0 || headerBytes > most) {
      throw new ExchangeException(
          "%s: headerBytes=%s, expected at most %d: no safetensors file, or cut short"
              .formatted(path, Long.toUnsignedString(headerBytes), most));
    }
    ByteBuffer json = ByteBuffer.allocate((int) headerBytes);
    fill(channel, json, Long.BYTES);
    long start = Long.BYTES + headerBytes;
    return new SafetensorsFile(
        path,
        channel,
        SafetensorsHeader.parse(json.array(), length - start, path.toString()),
        start);
  }

  @Override
  public String describe() {
    return path.toString();
  }

  @Override
  public Set<String> names() {
    return header.tensors().keySet();
  }

  @Override
  public Map<String, String> metadata() {
    return header.metadata();
  }

  @Override
  public void expect(String name, List<Integer> shape) {
    SafetensorsHeader.Entry entry = header.tensors().get(name);
    if (entry == null) {
      throw new ExchangeException("%s: %s is missing".formatted(path, name));
    }
    if (!entry.type().equals(SafetensorsHeader.FLOAT32)) {
      throw new ExchangeException(
          "%s: %s has dtype=%s, expected %s"
              .formatted(path, name, entry.type(), SafetensorsHeader.FLOAT32));
    }
    List<Long> wanted = shape.stream().map(Integer::longValue).toList();
    if (!entry.shape().equals(wanted)) {
      throw new ExchangeException(
          "%s: %s has shape=%s, expected %s".formatted(path, name, entry.shape(), wanted));
    }
  }

  @Override
  public void read(List<NamedTensor> into) {
    into.forEach(tensor -> read(tensor.name(), tensor.shape(), tensor.values()));
  }

  /**
   * Reads a tensor into what remains in {@code to}; its position stays.
   *
   * @param shape the shape that the tensor must have
   * @throws ExchangeException if it is not there, is something else, or has a value that is not
   *     finite
   * @throws UncheckedIOException if the file cannot be read
   */
  public void read(String name, List<Integer> shape, FloatBuffer to) {
    expect(name, shape);
    SafetensorsHeader.Entry entry = header.tensors().get(name);
    FloatBuffer rest = to.duplicate();
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try {
      for (long at = entry.begin(); at < entry.end(); at += CHUNK_BYTES) {
        chunk.clear().limit((int) Math.min(CHUNK_BYTES, entry.end() - at));
        fill(channel, chunk, valuesStart + at);
        FloatBuffer values = chunk.flip().asFloatBuffer();
        while (values.hasRemaining()) {
          float value = values.get();
          if (!Float.isFinite(value)) {
            throw new ExchangeException(
                "%s: %s has value=%s, expected finite ones".formatted(path, name, value));
          }
          rest.put(value);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read %s: %s".formatted(path, e), e);
    }
  }

  private static void fill(FileChannel channel, ByteBuffer buffer, long from) throws IOException {
    long at = from;
    while (buffer.hasRemaining()) {
      int got = channel.read(buffer, at);
      if (got < 0) {
        throw new EOFException("cut short while it was read");
      }
      at += got;
    }
  }

  private static void close(FileChannel channel, Exception failure) {
    try {
      channel.close();
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot close " + path, e);
    }
  }
}
