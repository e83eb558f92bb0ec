package org.byol4j.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.byol4j.checkpoint.Manifest.Part;
import org.byol4j.collective.Collective;

/**
 * Writes checkpoints together with the other replicas of a group, and deletes those that need not
 * be kept.
 *
 * <p>Each replica writes the files of what it owns and tells the others of their hashes. When all
 * have, rank 0 writes the manifest: before it the checkpoint does not exist for any reader. A
 * deletion, by rank 0, goes the other way. So whenever a process ends, the newest complete
 * checkpoint is either the one before or the new one. A run has one group of writers at a time; one
 * that was taken for dead and comes back touches no file of a later attempt, and ends when rank 0
 * looks at its fence. A single replica is a group of one.
 */
public final class CheckpointWriter {
  private static final byte[] NOTHING = {};
  private static final byte[] ABSENT = {0};
  private static final byte[] THERE = {1};

  private final Storage storage;
  private final Checkpoints checkpoints;
  private final CheckpointSettings settings;
  private final Retries retries;
  private final Attempt attempt;
  private final int rank;
  private final SharedOutcome shared;
  private final PartWriter parts;

  /**
   * @param collective the group, all of which write checkpoints of the same steps to the same
   *     storage; stays the caller's
   */
  public CheckpointWriter(
      Storage storage,
      CheckpointSettings settings,
      Retries retries,
      Attempt attempt,
      Collective collective) {
    this.storage = storage;
    this.checkpoints = new Checkpoints(storage);
    this.settings = settings;
    this.retries = retries;
    this.attempt = attempt;
    this.rank = collective.rank();
    this.shared = new SharedOutcome(collective);
    this.parts = new PartWriter(storage, retries, attempt);
  }

  /**
   * Writes the state of which {@code state} is this replica's share, durably, then deletes what
   * need not be kept. Nothing is written where the same values lie already. Every replica calls
   * this; what the manifest says besides the files is what rank 0 says.
   *
   * @return the checkpoint's folder
   * @throws StorageException on every replica, if the storage refuses one of them time and again;
   *     the newest complete checkpoint is intact, and the message names it
   * @throws CheckpointException on every replica, if other values with the same step lie there
   *     already, or a later attempt has begun
   * @throws org.byol4j.collective.CollectiveException if a replica is lost meanwhile; the files
   *     that were written are deleted by the next attempt
   */
  public String write(TrainingState state) {
    String folder = Checkpoints.nameOf(state.step());
    try {
      boolean isThere = shared.of(() -> onFirst(() -> begin(folder))).get(0)[0] == THERE[0];
      List<byte[]> written =
          shared.of(() -> isThere ? expectSame(state, folder) : writeOwned(state, folder));
      shared.of(() -> onFirst(() -> finish(state, folder, isThere ? List.of() : written)));
      return folder;
    } catch (StorageException e) {
      // nobody writes any more: all have learned of the failure
      if (rank == 0) {
        discard(folder, e);
      }
      throw e;
    }
  }

  private byte[] onFirst(SharedOutcome.Work work) {
    return rank == 0 ? work.run() : NOTHING;
  }

  /** Makes room, and tells whether a checkpoint of that step lies there already. */
  private byte[] begin(String folder) {
    attempt.check();
    try {
      return retries.run(
          () -> {
            if (checkpoints.isComplete(folder)) {
              return THERE;
            }
            // before anything is written: a full disk may be full of these
            deleteIncomplete();
            return ABSENT;
          });
    } catch (IOException e) {
      throw notWritten(folder, e);
    }
  }

  private byte[] writeOwned(TrainingState state, String folder) {
    try {
      return parts.write(state.owned(), folder).toBytes();
    } catch (IOException e) {
      throw notWritten(folder, e);
    }
  }

  /**
   * A run that was resumed elsewhere may come to the same values; others are not ours to replace.
   */
  private byte[] expectSame(TrainingState state, String folder) {
    Checkpoint found = new CheckpointReader(storage).read(folder);
    if (!found.manifest().layout().equals(state.layout()) || !parts.holds(state.owned(), found)) {
      throw new CheckpointException(
          "%s: a complete checkpoint with other values lies there, expected none"
              .formatted(storage.describe(folder)));
    }
    return NOTHING;
  }

  /**
   * Makes the checkpoint complete, and deletes what need not be kept.
   *
   * @param written what each replica has written, by rank; none if the checkpoint is there already
   */
  private byte[] finish(TrainingState state, String folder, List<byte[]> written) {
    if (!written.isEmpty()) {
      List<OwnedParts> all = written.stream().map(OwnedParts::parse).toList();
      commit(state, folder, OwnedParts.together(all, state.owned()));
    }
    attempt.check();
    try {
      retries.run(this::prune);
    } catch (IOException e) {
      throw failure("old checkpoints not deleted", folder, e);
    }
    return NOTHING;
  }

  private void commit(TrainingState state, String folder, Map<Section, List<Part>> files) {
    Manifest manifest =
        new Manifest(
            state.step(),
            state.epoch(),
            state.identity(),
            state.layout(),
            state.counters(),
            state.algorithms(),
            files);
    byte[] text = ManifestJson.write(manifest, attempt.number());
    try {
      retries.run(
          () -> {
            expectFromOthers(manifest, state.owned(), folder);
            attempt.check();
            String path = Checkpoints.manifestOf(folder, attempt.number());
            try (Upload upload = storage.create(path)) {
              upload.write(ByteBuffer.wrap(text));
              upload.commit();
            }
            return path;
          });
    } catch (IOException e) {
      throw notWritten(folder, e);
    }
  }

  /** Looks for the files of the others: what they call the same storage might be another. */
  private void expectFromOthers(Manifest manifest, Map<Section, OwnedRange> owned, String folder)
      throws IOException {
    for (Section section : Section.values()) {
      OwnedRange own = owned.get(section);
      for (Part part : manifest.parts().get(section)) {
        if (own.isEmpty() || part.first() != own.first()) {
          expectFromAnother(
              folder + "/" + manifest.fileName(section, part, attempt.number()),
              part.lengthBytes());
        }
      }
    }
  }

  private void expectFromAnother(String path, long lengthBytes) throws IOException {
    long length;
    try {
      length = storage.lengthBytes(path);
    } catch (NoSuchFileException e) {
      throw new IOException(
          "%s: another replica wrote it, but it is not here; expected a folder that all replicas share"
              .formatted(storage.describe(path)),
          e);
    }
    if (length != lengthBytes) {
      throw new IOException(
          "%s: another replica wrote it, lengthBytes=%d, expected %d"
              .formatted(storage.describe(path), length, lengthBytes));
    }
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
    // one that has begun since may write there already: its files are not among these names
    attempt.check();
    if (ours.size() == names.size()) {
      storage.deleteFolder(folder);
      return;
    }
    for (String name : ours) {
      storage.delete(folder + "/" + name);
    }
  }

  /** Gives the space back that a failed write took, as far as the storage lets us. */
  private void discard(String folder, StorageException failure) {
    try {
      if (!checkpoints.isComplete(folder)) {
        deleteOurs(folder);
      }
    } catch (IOException | StorageException | CheckpointException e) {
      if (e != failure) {
        failure.addSuppressed(e);
      }
    }
  }

  private StorageException notWritten(String folder, IOException cause) {
    return failure("checkpoint not written", folder, cause);
  }

  private StorageException failure(String what, String folder, IOException cause) {
    return new StorageException(
        "%s: rank=%d folder=%s tries=%d cause=%s; %s"
            .formatted(what, rank, storage.describe(folder), retries.tries(), cause, intact(cause)),
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
