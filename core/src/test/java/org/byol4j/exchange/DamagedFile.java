package org.byol4j.exchange;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;

/** What becomes of a file that was damaged at random: it is read, or refused, and nothing else. */
final class DamagedFile {
  private DamagedFile() {}

  /**
   * Reads a file; fails on any exception but the one that says by name what is wrong.
   *
   * @param round what repeats the damage, for the message
   * @return whether it was refused
   */
  static boolean isRefused(Path file, String round, Runnable reading) {
    try {
      reading.run();
      return false;
    } catch (ExchangeException e) {
      assertThat(e.getMessage()).as(round).startsWith(file.toString()).hasSizeLessThan(2000);
      return true;
    } catch (RuntimeException | Error e) {
      throw new AssertionError(round, e);
    }
  }
}
