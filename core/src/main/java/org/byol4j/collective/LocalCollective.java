package org.byol4j.collective;

import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Replicas that are threads of one JVM.
 *
 * <p>A vector is only ever touched by its own replica's thread, piece by piece; the other replicas
 * read the pieces that it shows. Each piece is summed by all replicas together, each a share of its
 * elements, and every element in rank order, in the vector's own precision.
 */
public final class LocalCollective implements Collective {

  /** Elements shown at a time: few enough to stay in a cache, enough to make a meeting cheap. */
  private static final int PIECE = 1 << 20;

  private final LocalGroup group;
  private final LocalGroup behind;
  private final int rank;
  private final int pieceLength;
  private final RankOrderSum rankOrderSum = new RankOrderSum();
  private final FloatBuffer[] floats;
  private final DoubleBuffer[] doubles;
  private int half;

  private LocalCollective(LocalGroup group, LocalGroup behind, int rank, int pieceLength) {
    this.group = group;
    this.behind = behind;
    this.rank = rank;
    this.pieceLength = pieceLength;
    this.floats = new FloatBuffer[group.size];
    this.doubles = new DoubleBuffer[group.size];
  }

  /**
   * Returns one handle for each replica, in rank order.
   *
   * @param timeout how long a replica waits for the others before the group fails
   */
  public static List<Collective> group(int size, Duration timeout) {
    return group(size, timeout, PIECE);
  }

  static List<Collective> group(int size, Duration timeout, int pieceLength) {
    if (size < 1) {
      throw new IllegalArgumentException("size=%d, expected at least 1".formatted(size));
    }
    LocalGroup.Fate fate = new LocalGroup.Fate();
    LocalGroup group = new LocalGroup(size, timeout.toNanos(), fate);
    LocalGroup behind = new LocalGroup(size, timeout.toNanos(), fate);
    return IntStream.range(0, size)
        .<Collective>mapToObj(rank -> new LocalCollective(group, behind, rank, pieceLength))
        .toList();
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int size() {
    return group.size;
  }

  @Override
  public void allReduceSum(double[] values) {
    double[][] sent = send("allReduceSum", values);
    double[] first = sent[0];
    System.arraycopy(first, 0, values, 0, values.length);
    for (int other = 1; other < group.size; other++) {
      double[] theirs = sent[other];
      for (int i = 0; i < values.length; i++) {
        values[i] += theirs[i];
      }
    }
  }

  @Override
  public void allGather(double[] mine, double[] all) {
    CollectiveArguments.requireGathered(mine, all, group.size);
    double[][] sent = send("allGather", mine);
    for (int other = 0; other < group.size; other++) {
      System.arraycopy(sent[other], 0, all, other * mine.length, mine.length);
    }
  }

  /** Sends {@code values} to all, and returns what all have sent, by rank. */
  private double[][] send(String operation, double[] values) {
    half = 1 - half;
    double[][] sent = group.sent[half];
    if (sent[rank].length < values.length) {
      sent[rank] = new double[values.length];
    }
    System.arraycopy(values, 0, sent[rank], 0, values.length);
    group.enter(rank, operation, values.length);
    return sent;
  }

  @Override
  public void reduceScatterSum(Vector values, long[] bounds) {
    enter("reduceScatterSum", values, bounds);
    for (int owner = 0; owner < group.size; owner++) {
      for (long from = bounds[owner]; from < bounds[owner + 1]; from += pieceLength) {
        int count = (int) Math.min(pieceLength, bounds[owner + 1] - from);
        group.shown[rank] = values.read(from, count);
        if (rank == owner) {
          group.sums = values.write(from, count);
        }
        group.meet(rank);
        int begin = (int) ((long) count * rank / group.size);
        int end = (int) ((long) count * (rank + 1) / group.size);
        sumShown(begin, end, values.elementBytes());
        group.meet(rank);
        if (rank == owner) {
          values.written(from, count);
        }
      }
    }
  }

  /** Sums the elements {@code [begin, end)} of the pieces that are shown. */
  private void sumShown(int begin, int end, int elementBytes) {
    if (elementBytes == Float.BYTES) {
      for (int other = 0; other < group.size; other++) {
        floats[other] = group.shown[other].asFloatBuffer().position(begin);
      }
      rankOrderSum.sum(floats, end - begin, group.sums.asFloatBuffer().position(begin));
      return;
    }
    for (int other = 0; other < group.size; other++) {
      doubles[other] = group.shown[other].asDoubleBuffer().position(begin);
    }
    rankOrderSum.sum(doubles, end - begin, group.sums.asDoubleBuffer().position(begin));
  }

  @Override
  public void allGather(Vector values, long[] bounds) {
    enter("allGather", values, bounds);
    for (int owner = 0; owner < group.size; owner++) {
      for (long from = bounds[owner]; from < bounds[owner + 1]; from += pieceLength) {
        int count = (int) Math.min(pieceLength, bounds[owner + 1] - from);
        if (rank == owner) {
          group.shown[owner] = values.read(from, count);
        }
        group.meet(rank);
        if (rank != owner) {
          ByteBuffer theirs = group.shown[owner];
          ByteBuffer mine = values.write(from, count);
          mine.put(mine.position(), theirs, theirs.position(), count * values.elementBytes());
          values.written(from, count);
        }
        group.meet(rank);
      }
    }
  }

  private void enter(String operation, Vector values, long[] bounds) {
    CollectiveArguments.requireBounds(bounds, group.size, values.length());
    group.enter(rank, operation, values.length(), values.elementBytes(), bounds);
  }

  @Override
  public Collective background() {
    return new LocalCollective(behind, behind, rank, pieceLength);
  }

  @Override
  public long sentBytes() {
    return 0;
  }

  @Override
  public void onFailure(Consumer<String> listener) {
    group.onFailure(listener);
  }

  @Override
  public void abort(String reason) {
    group.fail("aborted by rank=%d: %s".formatted(rank, reason));
  }

  @Override
  public void close() {
    group.leave(rank);
    behind.leave(rank);
  }
}
