package org.byol4j.checkpoint;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Where a run keeps what it writes: a folder on a disk, or one that the machines of a cluster
 * share.
 */
public interface RunStorage {

  /** The folder that was given as {@code --out}, as messages and other machines name it. */
  String location();

  /** The run's own files: {@code config.conf}, {@code metrics.jsonl}. */
  Storage files();

  /** The folders of the checkpoints. */
  Storage checkpoints();

  /** Its layout on this machine's disk; empty if it does not lie on one. */
  Optional<RunFolder> onDisk();

  /** Tells whether a later attempt at the run has begun. */
  Attempt.Fence fence();

  /**
   * Takes the right to write to the run, creating its folder.
   *
   * @throws CheckpointException if somebody else has it
   * @throws PlaceException if it, or what it would lie in, is a file
   * @throws StorageException if the folder cannot be written to
   */
  RunLease lease();

  /** The run in {@code folder} on a disk of this machine. */
  static RunStorage of(Path folder) {
    return new LocalRunStorage(new RunFolder(folder));
  }
}
