package org.byol4j.checkpoint;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.NoSuchFileException;
import java.security.MessageDigest;
import org.byol4j.checkpoint.Manifest.SectionFile;

/** A complete checkpoint, opened by {@link CheckpointReader}. */
public final class Checkpoint {
  private static final int CHUNK_BYTES = 1 << 20;

  /** Takes the bytes of a section as they come. */
  @FunctionalInterface
  interface ChunkReader {
    /** Reads what remains in {@code chunk}, which holds the values from index {@code from} on. */
    void accept(int from, ByteBuffer chunk);
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
   * @throws CheckpointException if the file's hash is not the manifest's
   * @throws StorageException if it cannot be read at the moment
   */
  public float[] values(Section section) {
    float[] values = new float[manifest.files().get(section).elements()];
    stream(
        section,
        (from, chunk) -> chunk.asFloatBuffer().get(values, from, chunk.remaining() / Float.BYTES));
    return values;
  }

  /** Hands out the bytes of a section; only when this returns are they known to be right. */
  void stream(Section section, ChunkReader reader) {
    SectionFile file = manifest.files().get(section);
    String path = Checkpoints.fileOf(folder, section, attempt);
    MessageDigest digest = Sha256.digest();
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (InputStream in = storage.read(path)) {
      for (long from = 0; from < file.elements(); from += CHUNK_BYTES / Float.BYTES) {
        int bytes = (int) Math.min(CHUNK_BYTES, Float.BYTES * (file.elements() - from));
        int got = in.readNBytes(chunk.array(), 0, bytes);
        if (got < bytes) {
          throw new EOFException();
        }
        digest.update(chunk.array(), 0, bytes);
        reader.accept((int) from, chunk.clear().limit(bytes));
      }
    } catch (NoSuchFileException | EOFException e) {
      throw new CheckpointException(
          "%s: cut short or deleted since it was opened, expected lengthBytes=%d"
              .formatted(storage.describe(path), file.lengthBytes()),
          e);
    } catch (IOException e) {
      throw new StorageException("%s cannot be read: %s".formatted(storage.describe(path), e), e);
    }
    String actual = Sha256.hex(digest);
    if (!actual.equals(file.sha256())) {
      throw new CheckpointException(
          "%s: damaged, sha256=%s, expected %s"
              .formatted(storage.describe(path), actual, file.sha256()));
    }
  }
}
