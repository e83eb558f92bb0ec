package org.byol4j.paramserver.sharing;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveException;

/**
 * Brings parts by plain gathers of the collective, when they are taken: what other ways are held
 * against.
 */
public class GatheredParts implements PartExchange {
  private final Collective collective;
  private final int mostWords;
  private final Deque<int[]> sent = new ArrayDeque<>();
  private final GatheredWords parts = new GatheredWords();
  private final double[] length = new double[1];
  private final double[] lengths;
  private long sentBytes;

  /**
   * Gathers over {@code collective}, which stays the caller's.
   *
   * @param mostWords the most words that a part may have, the same on all replicas
   */
  public GatheredParts(Collective collective, int mostWords) {
    this.collective = collective;
    this.mostWords = mostWords;
    this.lengths = new double[collective.size()];
  }

  @Override
  public void send(long step, int[] words) {
    sent.addLast(words);
  }

  @Override
  public List<int[]> take(long step) {
    int[] mine = sent.removeFirst();
    long[] bounds = bounds(mine.length, step);
    parts.resize(Math.toIntExact(bounds[collective.size()]));
    parts.put((int) bounds[collective.rank()], mine);
    collective.allGather(parts, bounds);
    sentBytes += (long) mine.length * Integer.BYTES * (collective.size() - 1);
    List<int[]> all = new ArrayList<>();
    for (int rank = 0; rank < collective.size(); rank++) {
      all.add(parts.get((int) bounds[rank], (int) bounds[rank + 1]));
    }
    return all;
  }

  /** Where each replica's part begins, by the lengths of all. */
  private long[] bounds(int mine, long step) {
    length[0] = mine;
    collective.allGather(length, lengths);
    long[] bounds = new long[collective.size() + 1];
    for (int rank = 0; rank < collective.size(); rank++) {
      double words = lengths[rank];
      if (!(words >= 0 && words <= mostWords)) {
        throw new CollectiveException(
            "encoded gradient: rank=%d step=%d has words=%s, expected at most %d"
                .formatted(rank, step, words, mostWords));
      }
      bounds[rank + 1] = bounds[rank] + (long) words;
    }
    return bounds;
  }

  /** How many bytes of parts this replica has sent so far, to all others together. */
  public long sentBytes() {
    return sentBytes;
  }

  @Override
  public void close() {}
}
