package org.byol4j.paramserver.dl4j;

import java.nio.ByteBuffer;
import org.byol4j.collective.Collective;

/**
 * Rounds in which every replica sends an envelope to every other one: first its packed length, as
 * an ordinary gather of a value, then its {@linkplain PackedBytes packed} bytes. All replicas go
 * through the same rounds.
 */
final class MessageRounds {
  private final Collective collective;
  private final int mostBytes;
  private final int mostPackedBytes;
  private final ByteVector bytes = new ByteVector();
  private final ReusedBytes packed = new ReusedBytes();
  private final ReusedBytes unpacked = new ReusedBytes();
  private final double[] length = new double[1];
  private final double[] lengths;

  /** Takes what other replicas have sent. */
  @FunctionalInterface
  interface Receiver {
    /**
     * Takes an envelope.
     *
     * @param envelope what remains in it, valid until this returns
     */
    void receive(int rank, ByteBuffer envelope);
  }

  /**
   * Goes through rounds over {@code collective}.
   *
   * @param mostBytes the longest envelope that is taken
   */
  MessageRounds(Collective collective, int mostBytes) {
    this.collective = collective;
    this.mostBytes = mostBytes;
    this.mostPackedBytes = PackedBytes.mostBytes(mostBytes);
    this.lengths = new double[collective.size()];
  }

  /**
   * Sends an envelope to all other replicas, and hands theirs to {@code receiver}, by rank.
   *
   * @throws RefusedMessageException if one is too long, or all together are; nothing was allocated
   */
  void exchange(ReusedBytes mine, Receiver receiver) {
    PackedBytes.pack(mine, packed);
    length[0] = packed.length();
    collective.allGather(length, lengths);
    long[] bounds = new long[collective.size() + 1];
    for (int rank = 0; rank < collective.size(); rank++) {
      // NaN is refused, too
      if (!(lengths[rank] >= 0 && lengths[rank] <= mostPackedBytes)) {
        throw new RefusedMessageException(
            "rank=%d announces lengthBytes=%s, expected 0 to %d"
                .formatted(rank, lengths[rank], mostPackedBytes));
      }
      bounds[rank + 1] = bounds[rank] + (long) lengths[rank];
    }
    long lengthBytes = bounds[collective.size()];
    if (lengthBytes > Integer.MAX_VALUE) {
      throw new RefusedMessageException(
          "the envelopes of replicas=%d have lengthBytes=%d together, expected at most %d"
              .formatted(collective.size(), lengthBytes, Integer.MAX_VALUE));
    }
    bytes.resize((int) lengthBytes);
    bytes.write(bounds[collective.rank()], packed.length()).put(packed.view());
    collective.allGather(bytes, bounds);
    for (int rank = 0; rank < collective.size(); rank++) {
      if (rank != collective.rank()) {
        receiver.receive(rank, received(rank, bounds[rank], bounds[rank + 1]));
      }
    }
  }

  private ByteBuffer received(int rank, long from, long to) {
    try {
      PackedBytes.unpack(bytes.read(from, (int) (to - from)).slice(), mostBytes, unpacked);
      return unpacked.view();
    } catch (RefusedMessageException e) {
      throw new RefusedMessageException(
          "envelope of rank=%d: %s".formatted(rank, e.getMessage()), e);
    }
  }
}
