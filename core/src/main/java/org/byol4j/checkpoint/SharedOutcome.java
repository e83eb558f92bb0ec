package org.byol4j.checkpoint;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.byol4j.collective.ByteGather;
import org.byol4j.collective.Collective;

/**
 * Lets the replicas of a group go on together, each knowing what came of the work of the others, or
 * end all by the same failure: that of the lowest rank that failed.
 */
final class SharedOutcome {
  /** The most bytes that a replica tells. */
  private static final int LIMIT = 4096;

  /** In UTF-8 at most three times as many bytes. */
  private static final int LONGEST_MESSAGE = LIMIT / 4;

  /** Stands for the middle of a longer one. */
  private static final String GAP = " ... ";

  private static final byte FINE = 0;
  private static final byte REFUSED = 1;
  private static final byte FINAL = 2;

  private final Collective collective;

  /** What a replica does, and then tells of. */
  @FunctionalInterface
  interface Work {
    /**
     * Returns what the others are to know.
     *
     * @throws StorageException what all are to end by
     * @throws CheckpointException what all are to end by
     */
    byte[] run();
  }

  SharedOutcome(Collective collective) {
    this.collective = collective;
  }

  /**
   * Does {@code work} on this replica, and returns what came of all replicas' work, by rank; every
   * replica calls this.
   *
   * @throws StorageException on every replica, if the first failure was one
   * @throws CheckpointException on every replica, if the first failure was one
   */
  List<byte[]> of(Work work) {
    byte kind = FINE;
    byte[] told;
    RuntimeException own = null;
    try {
      told = work.run();
    } catch (StorageException | CheckpointException e) {
      own = e;
      kind = e instanceof StorageException ? REFUSED : FINAL;
      told = cut(String.valueOf(e.getMessage())).getBytes(StandardCharsets.UTF_8);
    }
    byte[] mine = ByteBuffer.allocate(1 + told.length).put(kind).put(told).array();
    List<byte[]> all = ByteGather.of(collective, mine, LIMIT);
    for (int rank = 0; rank < all.size(); rank++) {
      if (all.get(rank)[0] != FINE) {
        throw own != null && rank == collective.rank() ? own : failure(all.get(rank));
      }
    }
    return all.stream().map(SharedOutcome::told).toList();
  }

  private static RuntimeException failure(byte[] of) {
    String message = new String(told(of), StandardCharsets.UTF_8);
    return of[0] == REFUSED ? new StorageException(message) : new CheckpointException(message);
  }

  private static byte[] told(byte[] message) {
    return Arrays.copyOfRange(message, 1, message.length);
  }

  private static String cut(String text) {
    if (text.length() <= LONGEST_MESSAGE) {
      return text;
    }
    // what failed stands at the beginning, what is intact at the end
    int half = (LONGEST_MESSAGE - GAP.length()) / 2;
    return text.substring(0, half) + GAP + text.substring(text.length() - half);
  }
}
