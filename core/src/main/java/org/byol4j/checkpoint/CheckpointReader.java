package org.byol4j.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.byol4j.checkpoint.Manifest.Part;

/** Opens checkpoints and says what is wrong with damaged ones. */
public final class CheckpointReader {
  private static final long MAX_MANIFEST_BYTES = 64L << 20;

  private final Storage storage;
  private final Checkpoints checkpoints;

  /** Reads from {@code storage}, whose root holds the checkpoints' folders. */
  public CheckpointReader(Storage storage) {
    this.storage = storage;
    this.checkpoints = new Checkpoints(storage);
  }

  /**
   * Opens what a user points at: a checkpoint's folder, or a run's, whose newest complete
   * checkpoint is meant.
   *
   * @throws CheckpointException if there is no such thing, or it is damaged
   */
  public static Checkpoint open(Path runOrCheckpoint) {
    Path folder = runOrCheckpoint.toAbsolutePath().normalize();
    RunFolder run = new RunFolder(folder);
    if (Files.isDirectory(run.checkpoints())) {
      return new CheckpointReader(new LocalStorage(run.checkpoints())).readNewest();
    }
    Path name = folder.getFileName();
    if (name == null || !Files.isDirectory(folder)) {
      throw new CheckpointException(
          "%s: no such folder, expected a run or a checkpoint".formatted(runOrCheckpoint));
    }
    CheckpointReader reader = new CheckpointReader(new LocalStorage(folder.getParent()));
    if (!Checkpoints.isName(name.toString()) && reader.newestAttempt(name.toString()) == 0) {
      throw new CheckpointException(
          "%s: neither a run (no checkpoints/) nor a checkpoint (no %s)"
              .formatted(runOrCheckpoint, Manifest.FILE_NAME));
    }
    return reader.read(name.toString());
  }

  /**
   * Opens the newest complete checkpoint.
   *
   * @throws CheckpointException if there is none, or it is damaged
   * @throws StorageException if it cannot be read at the moment
   */
  public Checkpoint readNewest() {
    try {
      return read(
          checkpoints
              .latest()
              .orElseThrow(
                  () ->
                      new CheckpointException(
                          "%s: no complete checkpoint".formatted(storage.describe("")))));
    } catch (IOException e) {
      throw new StorageException("%s: cannot be listed: %s".formatted(storage.describe(""), e), e);
    }
  }

  private int newestAttempt(String folder) {
    try {
      return checkpoints.newestAttempt(folder);
    } catch (IOException e) {
      throw new StorageException(
          "%s: cannot be listed: %s".formatted(storage.describe(folder), e), e);
    }
  }

  /**
   * Opens a checkpoint: reads its manifest and checks the lengths of its files. The files' hashes
   * are checked when {@link Checkpoint#values} reads them.
   *
   * @throws CheckpointException if it is incomplete, damaged, or of a newer format
   * @throws StorageException if it cannot be read at the moment
   */
  public Checkpoint read(String folder) {
    int attempt = Math.max(1, newestAttempt(folder));
    String path = Checkpoints.manifestOf(folder, attempt);
    String name = storage.describe(path);
    Manifest manifest = ManifestJson.read(manifestBytes(path, name), attempt, name);
    if (Checkpoints.isName(folder) && Checkpoints.stepOf(folder) != manifest.step()) {
      throw new CheckpointException(
          "%s: step=%d, expected %d as in the folder's name"
              .formatted(name, manifest.step(), Checkpoints.stepOf(folder)));
    }
    for (Section section : Section.values()) {
      String fault = manifest.layout().faultOf(section, manifest.elements(section));
      if (!fault.isEmpty()) {
        throw new CheckpointException(
            "%s: section=%s has %s by its tables".formatted(name, section.key(), fault));
      }
      for (Part part : manifest.parts().get(section)) {
        checkLength(part, folder + "/" + manifest.fileName(section, part, attempt));
      }
    }
    return new Checkpoint(storage, folder, attempt, manifest);
  }

  private byte[] manifestBytes(String path, String name) {
    try {
      long length = storage.lengthBytes(path);
      if (length > MAX_MANIFEST_BYTES) {
        throw new CheckpointException(
            "%s: lengthBytes=%d, expected at most %d".formatted(name, length, MAX_MANIFEST_BYTES));
      }
      try (InputStream in = storage.read(path)) {
        return in.readAllBytes();
      }
    } catch (NoSuchFileException e) {
      throw new CheckpointException(
          "%s is missing: the checkpoint is incomplete".formatted(name), e);
    } catch (IOException e) {
      throw new StorageException("%s cannot be read: %s".formatted(name, e), e);
    }
  }

  private void checkLength(Part part, String path) {
    String name = storage.describe(path);
    try {
      long length = storage.lengthBytes(path);
      if (length != part.lengthBytes()) {
        throw new CheckpointException(
            "%s: damaged, lengthBytes=%d, expected %d".formatted(name, length, part.lengthBytes()));
      }
    } catch (NoSuchFileException e) {
      throw new CheckpointException(
          "%s is missing, expected lengthBytes=%d".formatted(name, part.lengthBytes()), e);
    } catch (IOException e) {
      throw new StorageException("%s cannot be read: %s".formatted(name, e), e);
    }
  }
}
