package org.byol4j.paramserver;

import java.util.zip.CRC32C;
import org.byol4j.collective.Collective;
import org.byol4j.collective.Vector;

/** Compares what all replicas hold, by a CRC-32C (RFC 3720) of each replica's bytes. */
final class WeightsDigest {
  /** Elements read at a time. */
  private static final int PIECE = 1 << 20;

  private final Collective collective;
  private final CRC32C checksum = new CRC32C();
  private final double[] mine = new double[1];
  private final double[] all;

  WeightsDigest(Collective collective) {
    this.collective = collective;
    this.all = new double[collective.size()];
  }

  /**
   * Returns if all replicas hold the same bits.
   *
   * @throws DivergedException on every replica if they do not
   */
  void compare(String what, Vector values, long step) {
    // 32 bits are exact in a double
    mine[0] = of(values);
    collective.allGather(mine, all);
    for (double other : all) {
      if (other != all[0]) {
        throw DivergedException.of(what, step, digests());
      }
    }
  }

  private long of(Vector values) {
    checksum.reset();
    for (long from = 0; from < values.length(); from += PIECE) {
      checksum.update(values.read(from, (int) Math.min(PIECE, values.length() - from)));
    }
    return checksum.getValue();
  }

  private long[] digests() {
    long[] digests = new long[all.length];
    for (int rank = 0; rank < digests.length; rank++) {
      digests[rank] = (long) all[rank];
    }
    return digests;
  }
}
