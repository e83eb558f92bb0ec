package org.byol4j.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The lease of a run on a disk: a lock of the operating system, lost when the process ends. The
 * locked file holds the number of the newest attempt.
 */
public final class RunLock implements RunLease {
  private final RunFolder run;
  private final FileChannel channel;

  private RunLock(RunFolder run, FileChannel channel) {
    this.run = run;
    this.channel = channel;
  }

  /**
   * Takes the lock of {@code run}, creating its folder.
   *
   * @throws CheckpointException if somebody holds it
   * @throws StorageException if the folder cannot be written to
   */
  public static RunLock take(RunFolder run) {
    try {
      Files.createDirectories(run.folder());
      FileChannel channel =
          FileChannel.open(fileOf(run), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      if (locked(channel)) {
        return new RunLock(run, channel);
      }
      channel.close();
    } catch (IOException e) {
      throw new StorageException("%s cannot be written: %s".formatted(fileOf(run), e), e);
    }
    throw new CheckpointException(
        "%s: another process writes to this run, expected none".formatted(run.folder()));
  }

  /** How many attempts at {@code run} there have been. */
  static int attempts(RunFolder run) {
    try {
      String text = Files.readString(fileOf(run)).strip();
      return text.isEmpty() ? 0 : Integer.parseInt(text);
    } catch (NoSuchFileException e) {
      return 0;
    } catch (IOException e) {
      throw new StorageException("%s cannot be read: %s".formatted(fileOf(run), e), e);
    } catch (NumberFormatException e) {
      throw new CheckpointException(
          "%s: %s, expected the number of an attempt".formatted(fileOf(run), e.getMessage()), e);
    }
  }

  @Override
  public int nextAttempt() {
    int next = attempts(run) + 1;
    byte[] text = "%d%n".formatted(next).getBytes(StandardCharsets.UTF_8);
    try {
      // numbers only get longer: one write replaces the whole
      channel.write(ByteBuffer.wrap(text), 0);
      channel.force(true);
    } catch (IOException e) {
      throw new StorageException("%s cannot be written: %s".formatted(fileOf(run), e), e);
    }
    return next;
  }

  private static Path fileOf(RunFolder run) {
    return run.folder().resolve(".lock");
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
