package org.byol4j.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.byol4j.checkpoint.Manifest.SectionFile;

/**
 * Writes checkpoints and deletes those that need not be kept.
 *
 * <p>The files of the sections come first, the manifest last: before it the checkpoint does not
 * exist for any reader. A deletion goes the other way. So whenever the process ends, the newest
 * complete checkpoint is either the one before or the new one. A storage has one writer at a time;
 * one that was taken for dead and comes back touches no file of a later attempt, and ends when it
 * looks at its fence.
 */
public final class CheckpointWriter {
  private static final int CHUNK_BYTES = 1 << 20;

  private final Storage storage;
  private final Checkpoints checkpoints;
  private final CheckpointSettings settings;
  private final Retries retries;
  private final Attempt attempt;
  private final ByteBuffer chunk =
      ByteBuffer.allocateDirect(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);

  public CheckpointWriter(
      Storage storage, CheckpointSettings settings, Retries retries, Attempt attempt) {
    this.storage = storage;
    this.checkpoints = new Checkpoints(storage);
    this.settings = settings;
    this.retries = retries;
    this.attempt = attempt;
  }

  /**
   * Writes {@code state}, durably, then deletes what need not be kept. Nothing is written where the
   * same values lie already.
   *
   * @return the checkpoint's folder
   * @throws StorageException if the storage refuses time and again; the newest complete checkpoint
   *     is intact, and the message names it
   * @throws CheckpointException if other values with the same step lie there already, or a later
   *     attempt has begun
   */
  public String write(TrainingState state) {
    String folder = Checkpoints.nameOf(state.step());
    attempt.check();
    try {
      retries.run(() -> tryWriting(state, folder));
    } catch (IOException e) {
      discard(folder, e);
      throw failure("checkpoint not written", folder, e);
    }
    attempt.check();
    try {
      retries.run(this::prune);
    } catch (IOException e) {
      throw failure("old checkpoints not deleted", folder, e);
    }
    return folder;
  }

  private String tryWriting(TrainingState state, String folder) throws IOException {
    if (checkpoints.isComplete(folder)) {
      expectSame(state, folder);
      return folder;
    }
    // before anything is written: a full disk may be full of these
    deleteIncomplete();
    Map<Section, SectionFile> files = new EnumMap<>(Section.class);
    for (Section section : Section.values()) {
      files.put(section, writeSection(section, state, folder));
    }
    attempt.check();
    try (Upload upload = storage.create(Checkpoints.manifestOf(folder, attempt.number()))) {
      upload.write(ByteBuffer.wrap(ManifestJson.write(manifest(state, files), attempt.number())));
      upload.commit();
    }
    return folder;
  }

  private SectionFile writeSection(Section section, TrainingState state, String folder)
      throws IOException {
    Floats values = state.values().get(section);
    MessageDigest digest = Sha256.digest();
    try (Upload upload = storage.create(Checkpoints.fileOf(folder, section, attempt.number()))) {
      for (long from = 0; from < values.length(); from += CHUNK_BYTES / Float.BYTES) {
        ByteBuffer bytes = bytesOf(values, from);
        digest.update(bytes.duplicate());
        upload.write(bytes);
      }
      upload.commit();
    }
    return new SectionFile(values.length(), Sha256.hex(digest));
  }

  private ByteBuffer bytesOf(Floats values, long from) {
    int count = (int) Math.min(CHUNK_BYTES / Float.BYTES, values.length() - from);
    chunk.clear().limit(count * Float.BYTES);
    values.read((int) from, chunk.asFloatBuffer());
    return chunk;
  }

  private static Manifest manifest(TrainingState state, Map<Section, SectionFile> files) {
    return new Manifest(
        state.step(), state.epoch(), state.identity(), state.layout(), state.counters(), files);
  }

  /**
   * A retry may find that the try before it went through, and a run that was resumed elsewhere may
   * come to the same values; anything else is not ours to replace.
   */
  private void expectSame(TrainingState state, String folder) {
    Map<Section, SectionFile> files = new EnumMap<>(Section.class);
    for (Section section : Section.values()) {
      files.put(section, hash(state.values().get(section)));
    }
    Manifest found = new CheckpointReader(storage).read(folder).manifest();
    if (!found.files().equals(files) || !found.layout().equals(state.layout())) {
      throw new CheckpointException(
          "%s: a complete checkpoint with other values lies there, expected none"
              .formatted(storage.describe(folder)));
    }
  }

  private SectionFile hash(Floats values) {
    MessageDigest digest = Sha256.digest();
    for (long from = 0; from < values.length(); from += CHUNK_BYTES / Float.BYTES) {
      digest.update(bytesOf(values, from));
    }
    return new SectionFile(values.length(), Sha256.hex(digest));
  }

  private List<String> prune() throws IOException {
    List<String> dropped = settings.dropped(checkpoints.complete());
    for (String folder : dropped) {
      for (String manifest : checkpoints.manifestsIn(folder)) {
        if (Attempt.numberOf(manifest) <= attempt.number()) {
          attempt.check();
          storage.delete(manifest);
        }
      }
    }
    deleteIncomplete();
    return dropped;
  }

  private void deleteIncomplete() throws IOException {
    for (String folder : checkpoints.incomplete()) {
      deleteOurs(folder);
    }
  }

  /** Deletes what this attempt and those before it have written, which may be all. */
  private void deleteOurs(String folder) throws IOException {
    List<String> names = storage.list(folder);
    List<String> ours =
        names.stream().filter(name -> Attempt.numberOf(name) <= attempt.number()).toList();
    if (ours.size() == names.size()) {
      storage.deleteFolder(folder);
      return;
    }
    for (String name : ours) {
      storage.delete(folder + "/" + name);
    }
  }

  /** Gives the space back that a failed write took, as far as the storage lets us. */
  private void discard(String folder, IOException failure) {
    try {
      if (!checkpoints.isComplete(folder)) {
        deleteOurs(folder);
      }
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private StorageException failure(String what, String folder, IOException cause) {
    return new StorageException(
        "%s: folder=%s tries=%d cause=%s; %s"
            .formatted(what, storage.describe(folder), retries.tries(), cause, intact(cause)),
        cause);
  }

  private String intact(IOException failure) {
    try {
      Optional<String> latest = checkpoints.latest();
      return latest
          .map(name -> "newest complete checkpoint, intact: " + storage.describe(name))
          .orElse("there is no complete checkpoint yet");
    } catch (IOException e) {
      failure.addSuppressed(e);
      return "the complete checkpoints, untouched, cannot be listed at the moment";
    }
  }
}
