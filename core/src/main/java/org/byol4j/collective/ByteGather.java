package org.byol4j.collective;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings a few bytes of every replica to every replica, such as a hash or a message. They travel as
 * an ordinary gather of values, four bytes in each, which a double holds exactly.
 */
public final class ByteGather {
  private ByteGather() {}

  /**
   * Returns what all replicas have sent, by rank; every replica calls this.
   *
   * @param limit the most bytes that a replica may send, the same on all; so much is always sent
   * @throws IllegalArgumentException if {@code mine} is longer
   * @throws CollectiveException if a replica is lost, late, or out of step
   */
  public static List<byte[]> of(Collective collective, byte[] mine, int limit) {
    if (mine.length > limit) {
      throw new IllegalArgumentException(
          "lengthBytes=%d, expected at most %d".formatted(mine.length, limit));
    }
    int each = 1 + (limit + Integer.BYTES - 1) / Integer.BYTES;
    double[] values = new double[each];
    values[0] = mine.length;
    ByteBuffer padded = ByteBuffer.allocate((each - 1) * Integer.BYTES).put(0, mine);
    for (int i = 1; i < each; i++) {
      values[i] = padded.getInt();
    }
    double[] all = new double[each * collective.size()];
    collective.allGather(values, all);
    List<byte[]> gathered = new ArrayList<>();
    for (int rank = 0; rank < collective.size(); rank++) {
      gathered.add(bytes(all, rank * each, limit, rank));
    }
    return gathered;
  }

  private static byte[] bytes(double[] all, int at, int limit, int rank) {
    int length = (int) all[at];
    if (length < 0 || length > limit) {
      throw new CollectiveException(
          "gather of bytes: rank=%d sent lengthBytes=%d, expected at most %d"
              .formatted(rank, length, limit));
    }
    ByteBuffer padded = ByteBuffer.allocate(length + Integer.BYTES);
    for (int i = 0; i < length; i += Integer.BYTES) {
      padded.putInt((int) all[at + 1 + i / Integer.BYTES]);
    }
    byte[] bytes = new byte[length];
    padded.get(0, bytes);
    return bytes;
  }
}
