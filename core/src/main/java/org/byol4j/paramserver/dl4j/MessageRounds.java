package org.byol4j.paramserver.dl4j;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.byol4j.collective.Collective;

/**
 * Rounds in which every replica sends an envelope to every other one: first its length, as an
 * ordinary gather of a value, then its bytes. All replicas go through the same rounds.
 */
final class MessageRounds {
  private final Collective collective;
  private final int mostBytes;
  private final ByteVector bytes = new ByteVector();
  private final double[] length = new double[1];
  private final double[] lengths;

  /**
   * Goes through rounds over {@code collective}.
   *
   * @param mostBytes the longest envelope that is taken
   */
  MessageRounds(Collective collective, int mostBytes) {
    this.collective = collective;
    this.mostBytes = mostBytes;
    this.lengths = new double[collective.size()];
  }

  /**
   * Sends an envelope and returns those of all replicas, by rank, until the next round.
   *
   * @throws RefusedMessageException if one is too long, or all together are; nothing was allocated
   */
  List<ByteBuffer> exchange(byte[] mine) {
    length[0] = mine.length;
    collective.allGather(length, lengths);
    long[] bounds = new long[collective.size() + 1];
    for (int rank = 0; rank < collective.size(); rank++) {
      // NaN is refused, too
      if (!(lengths[rank] >= 0 && lengths[rank] <= mostBytes)) {
        throw new RefusedMessageException(
            "rank=%d announces lengthBytes=%s, expected 0 to %d"
                .formatted(rank, lengths[rank], mostBytes));
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
    bytes.write(bounds[collective.rank()], mine.length).put(mine);
    collective.allGather(bytes, bounds);
    List<ByteBuffer> envelopes = new ArrayList<>();
    for (int rank = 0; rank < collective.size(); rank++) {
      int count = (int) (bounds[rank + 1] - bounds[rank]);
      envelopes.add(bytes.read(bounds[rank], count).slice());
    }
    return envelopes;
  }
}
