package org.byol4j.checkpoint;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.NoSuchFileException;
import java.security.MessageDigest;
import org.byol4j.checkpoint.Manifest.Part;

/** A complete checkpoint, opened by {@link CheckpointReader}. */
public final class Checkpoint {
  private static final int CHUNK_BYTES = 1 << 16;

  /** Takes the values of a section as they come. */
  @FunctionalInterface
  public interface ValueReader {
    /** Reads what remains in {@code values}, which are those from index {@code from} on. */
    void accept(long from, FloatBuffer values);
  }

  /** Takes the bytes of a section as they come. */
  @FunctionalInterface
  interface ChunkReader {
    /** Reads what remains in {@code chunk}, which holds the values from index {@code from} on. */
    void accept(long from, ByteBuffer chunk);
  }

  private final Storage storage;
  private final String folder;
  private final int attempt;
  private final Manifest manifest;

  /**
   * @param attempt the one that wrote it
   */
  Checkpoint(Storage storage, String folder, int attempt, Manifest manifest) {
    this.storage = storage;
    this.folder = folder;
    this.attempt = attempt;
    this.manifest = manifest;
  }

  /** What the checkpoint says of itself, as it was read when the checkpoint was opened. */
  public Manifest manifest() {
    return manifest;
  }

  /** How messages name this checkpoint. */
  public String describe() {
    return storage.describe(folder);
  }

  /**
   * Reads the values of a section, and checks them.
   *
   * @throws CheckpointException if a file's hash is not the manifest's
   * @throws StorageException if it cannot be read at the moment
   */
  public float[] values(Section section) {
    float[] values = new float[Math.toIntExact(manifest.elements(section))];
    read(section, 0, values.length, (from, some) -> some.get(values, (int) from, some.remaining()));
    return values;
  }

  /**
   * Hands out the values {@code [first, end)} of a section in rising order, a few at a time; only
   * when this returns are they known to be right. Only the files that hold some of them are read,
   * whoever has written them.
   *
   * @throws CheckpointException if a file's hash is not the manifest's
   * @throws StorageException if it cannot be read at the moment
   */
  public void read(Section section, long first, long end, ValueReader reader) {
    stream(section, first, end, (from, chunk) -> reader.accept(from, chunk.asFloatBuffer()));
  }

  /**
   * The hash of all values of a section, whatever files they lie in: reads them.
   *
   * @param sections one, or several that are hashed one after the other
   * @throws CheckpointException if a file's hash is not the manifest's
   * @throws StorageException if it cannot be read at the moment
   */
  public String sha256(Section... sections) {
    MessageDigest digest = Sha256.digest();
    for (Section section : sections) {
      stream(section, 0, manifest.elements(section), (from, chunk) -> digest.update(chunk));
    }
    return Sha256.hex(digest);
  }

  /**
   * Reads all files and compares their hashes with the manifest's.
   *
   * @throws CheckpointException if one is another
   * @throws StorageException if one cannot be read at the moment
   */
  public void check() {
    for (Section section : Section.values()) {
      stream(section, 0, manifest.elements(section), (from, chunk) -> {});
    }
  }

  /** Hands out the bytes of the values {@code [first, end)}. */
  void stream(Section section, long first, long end, ChunkReader reader) {
    for (Part part : manifest.parts().get(section)) {
      if (Math.max(first, part.first()) < Math.min(end, part.end())) {
        stream(
            part,
            folder + "/" + manifest.fileName(section, part, attempt),
            (from, chunk) -> handOut(from, chunk, first, end, reader));
      }
    }
  }

  /** Hands out what a chunk has of the values {@code [first, end)}. */
  private static void handOut(
      long from, ByteBuffer chunk, long first, long end, ChunkReader reader) {
    long begin = Math.max(first, from);
    long behind = Math.min(end, from + chunk.remaining() / Float.BYTES);
    if (begin < behind) {
      ByteBuffer wanted =
          chunk.slice((int) (begin - from) * Float.BYTES, (int) (behind - begin) * Float.BYTES);
      reader.accept(begin, wanted.order(ByteOrder.LITTLE_ENDIAN));
    }
  }

  private void stream(Part part, String path, ChunkReader reader) {
    MessageDigest digest = Sha256.digest();
    ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, part.lengthBytes()));
    try (InputStream in = storage.read(path)) {
      for (long at = 0; at < part.elements(); at += CHUNK_BYTES / Float.BYTES) {
        int bytes = (int) Math.min(CHUNK_BYTES, Float.BYTES * (part.elements() - at));
        int got = in.readNBytes(chunk.array(), 0, bytes);
        if (got < bytes) {
          throw new EOFException();
        }
        digest.update(chunk.array(), 0, bytes);
        reader.accept(part.first() + at, chunk.clear().limit(bytes));
      }
    } catch (NoSuchFileException | EOFException e) {
      throw new CheckpointException(
          "%s: cut short or deleted since it was opened, expected lengthBytes=%d"
              .formatted(storage.describe(path), part.lengthBytes()),
          e);
    } catch (IOException e) {
      throw new StorageException("%s cannot be read: %s".formatted(storage.describe(path), e), e);
    }
    String actual = Sha256.hex(digest);
    if (!actual.equals(part.sha256())) {
      throw new CheckpointException(
          "%s: damaged, sha256=%s, expected %s"
              .formatted(storage.describe(path), actual, part.sha256()));
    }
  }
}
