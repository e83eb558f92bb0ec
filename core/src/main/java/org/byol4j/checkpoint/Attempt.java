package org.byol4j.checkpoint;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One try at a run: each launch of its replicas is one, and they are counted over the run's whole
 * life. From the second on the number is part of the names of the files of a checkpoint, so that a
 * writer that was taken for dead, and is not, can neither replace nor delete a file of its
 * successor.
 *
 * @param number from 1
 * @param fence tells whether a later attempt has begun
 */
public record Attempt(int number, Fence fence) {
  private static final Pattern NUMBERED = Pattern.compile("(.+)-a([0-9]{4,9})(\\.[a-z0-9]+)");

  /** The first attempt of a run that nobody else can take over. */
  public static final Attempt FIRST = new Attempt(1, number -> {});

  /** What stands between an attempt and the files of a run that is no longer its own. */
  @FunctionalInterface
  public interface Fence {
    /**
     * Returns if no attempt after {@code number} has begun.
     *
     * @throws CheckpointException if one has
     * @throws StorageException if that cannot be told at the moment
     */
    void check(int number);
  }

  public Attempt {
    if (number < 1) {
      throw new IllegalArgumentException("attempt=%d, expected at least 1".formatted(number));
    }
  }

  /**
   * Asks the fence.
   *
   * @throws CheckpointException if a later attempt has begun: this one must not write any more
   * @throws StorageException if that cannot be told at the moment
   */
  public void check() {
    fence.check(number);
  }

  /** The exception that tells attempt {@code number} of the one that took its place. */
  public static CheckpointException superseded(String run, int number, int newest) {
    return new CheckpointException(
        "%s: attempt=%d was taken for dead and attempt=%d goes on with the run, expected none after it"
            .formatted(run, number, newest));
  }

  /** The name that {@code fileName} has in this attempt. */
  String nameOf(String fileName) {
    return nameOf(fileName, number);
  }

  static String nameOf(String fileName, int number) {
    if (number == 1) {
      return fileName;
    }
    int dot = fileName.lastIndexOf('.');
    return "%s-a%04d%s".formatted(fileName.substring(0, dot), number, fileName.substring(dot));
  }

  /** The number of the attempt that {@code fileName} belongs to. */
  static int numberOf(String fileName) {
    Matcher matcher = NUMBERED.matcher(fileName);
    return matcher.matches() ? Integer.parseInt(matcher.group(2)) : 1;
  }
}
