package org.byol4j.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The right to write to a run's folder, held by one process at a time and lost when it ends. */
public final class RunLock implements AutoCloseable {
  private final FileChannel channel;

  private RunLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the lock of {@code run}, creating its folder.
   *
   * @throws CheckpointException if somebody holds it
   * @throws StorageException if the folder cannot be written to
   */
  public static RunLock take(RunFolder run) {
    Path file = run.folder().resolve(".lock");
    try {
      Files.createDirectories(run.folder());
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (locked(channel)) {
        return new RunLock(channel);
      }
      channel.close();
    } catch (IOException e) {
      throw new StorageException("%s cannot be written: %s".formatted(file, e), e);
    }
    throw new CheckpointException(
        "%s: another process writes to this run, expected none".formatted(run.folder()));
  }

  private static boolean locked(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
