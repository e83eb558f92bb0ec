package org.byol4j.checkpoint;

/** The right to write to a run, held by one process at a time. */
public interface RunLease extends AutoCloseable {

  /**
   * Begins the next attempt; from now on those before it are superseded.
   *
   * @return its number
   * @throws CheckpointException if this process no longer has the right
   * @throws StorageException if the run's folder cannot be written to
   */
  int nextAttempt();

  /** Gives the right back; idempotent. */
  @Override
  void close();
}
