package org.byol4j.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.EnumMap;
import java.util.Map;
import org.byol4j.checkpoint.Manifest.Part;

/** Writes the files of what a replica owns, and compares that with what lies there. */
final class PartWriter {
  private static final int CHUNK_BYTES = 1 << 20;

  private final Storage storage;
  private final Retries retries;
  private final Attempt attempt;
  private final ByteBuffer chunk =
      ByteBuffer.allocateDirect(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);

  PartWriter(Storage storage, Retries retries, Attempt attempt) {
    this.storage = storage;
    this.retries = retries;
    this.attempt = attempt;
  }

  /**
   * Writes a file for each section of which something is owned; a try goes on where the one before
   * it was refused.
   *
   * @throws IOException if the storage refuses time and again
   */
  OwnedParts write(Map<Section, OwnedRange> owned, String folder) throws IOException {
    Map<Section, Part> written = new EnumMap<>(Section.class);
    return retries.run(
        () -> {
          for (Map.Entry<Section, OwnedRange> entry : owned.entrySet()) {
            Section section = entry.getKey();
            if (!entry.getValue().isEmpty() && !written.containsKey(section)) {
              written.put(section, write(section, entry.getValue(), folder));
            }
          }
          return new OwnedParts(written);
        });
  }

  private Part write(Section section, OwnedRange range, String folder) throws IOException {
    MessageDigest digest = Sha256.digest();
    String name =
        Manifest.fileName(section, partOf(range, ""), range.sectionLength(), attempt.number());
    try (Upload upload = storage.create(folder + "/" + name)) {
      int length = range.values().length();
      for (long from = 0; from < length; from += CHUNK_BYTES / Float.BYTES) {
        int count = (int) Math.min(CHUNK_BYTES / Float.BYTES, length - from);
        ByteBuffer bytes = bytesOf(range.values(), (int) from, count);
        digest.update(bytes.duplicate());
        upload.write(bytes);
      }
      upload.commit();
    }
    return partOf(range, Sha256.hex(digest));
  }

  private static Part partOf(OwnedRange range, String sha256) {
    return new Part(range.first(), range.values().length(), sha256);
  }

  private ByteBuffer bytesOf(Floats values, int from, int count) {
    chunk.clear().limit(count * Float.BYTES);
    values.read(from, chunk.asFloatBuffer());
    return chunk;
  }

  /**
   * Tells whether a checkpoint, written by any number of replicas, holds what is owned, to the bit.
   *
   * @throws CheckpointException if it is damaged
   * @throws StorageException if it cannot be read at the moment
   */
  boolean holds(Map<Section, OwnedRange> owned, Checkpoint checkpoint) {
    boolean[] differs = {false};
    owned.forEach(
        (section, range) -> {
          differs[0] |= checkpoint.manifest().elements(section) != range.sectionLength();
          checkpoint.stream(
              section,
              range.first(),
              range.end(),
              (from, stored) -> {
                int count = stored.remaining() / Float.BYTES;
                differs[0] |=
                    !bytesOf(range.values(), (int) (from - range.first()), count).equals(stored);
              });
        });
    return !differs[0];
  }
}
