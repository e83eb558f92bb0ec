package org.byol4j.collective.tcp;

import java.nio.DoubleBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.byol4j.collective.Collective;
import org.byol4j.collective.CollectiveArguments;
import org.byol4j.collective.Vector;

/**
 * Replicas in processes of their own, connected each to each.
 *
 * <p>Small operations take one hop, everyone to everyone, and are summed in rank order. Vectors go
 * in chunks, each element in rank order and in the vector's own precision: the bits are those of
 * {@link org.byol4j.collective.LocalCollective}.
 */
final class TcpCollective implements Collective {
  private static final double[] NOTHING = {};

  private final Group group;
  private final SmallTransfer small;
  private final ReduceScatter reduceScatter;
  private final Gather gather;
  private final long timeoutNanos;
  private final Optional<TcpCollective> background;
  private final LongSupplier sentBytes;
  private final Runnable closing;
  private final AtomicBoolean closed = new AtomicBoolean();
  private double[] term = {};

  /**
   * Works on a lane.
   *
   * @param background the handle on the other lane; empty if this is it
   * @param sentBytes how many bytes all lanes together have sent
   * @param closing what closing this handle takes
   */
  TcpCollective(
      Wire wire,
      TcpSettings settings,
      Optional<TcpCollective> background,
      LongSupplier sentBytes,
      Runnable closing) {
    this.group = wire.group();
    this.small = new SmallTransfer(wire);
    this.reduceScatter = new ReduceScatter(wire, settings.chunkBytes());
    this.gather = new Gather(wire, settings.chunkBytes());
    this.timeoutNanos = settings.progressTimeout().toNanos();
    this.background = background;
    this.sentBytes = sentBytes;
    this.closing = closing;
  }

  /** Waits until all replicas are here. */
  void join(Duration timeout) {
    small.exchange(Call.JOIN, NOTHING, timeout.toNanos());
  }

  @Override
  public int rank() {
    return group.rank();
  }

  @Override
  public int size() {
    return group.size();
  }

  @Override
  public void allReduceSum(double[] values) {
    int length = values.length;
    DoubleBuffer[] terms = small.exchange(Call.ALL_REDUCE, values, timeoutNanos);
    if (term.length < length) {
      term = new double[length];
    }
    double[] next = term;
    terms[0].get(0, values);
    for (int other = 1; other < terms.length; other++) {
      terms[other].get(0, next, 0, length);
      for (int i = 0; i < length; i++) {
        values[i] += next[i];
      }
    }
  }

  @Override
  public void allGather(double[] mine, double[] all) {
    CollectiveArguments.requireGathered(mine, all, group.size());
    DoubleBuffer[] terms = small.exchange(Call.ALL_GATHER, mine, timeoutNanos);
    for (int other = 0; other < terms.length; other++) {
      terms[other].get(0, all, other * mine.length, mine.length);
    }
  }

  @Override
  public void reduceScatterSum(Vector values, long[] bounds) {
    CollectiveArguments.requireBounds(bounds, group.size(), values.length());
    reduceScatter.run(values, bounds, timeoutNanos);
  }

  @Override
  public void allGather(Vector values, long[] bounds) {
    CollectiveArguments.requireBounds(bounds, group.size(), values.length());
    gather.run(values, bounds, timeoutNanos);
  }

  @Override
  public long sentBytes() {
    return sentBytes.getAsLong();
  }

  @Override
  public void onFailure(Consumer<String> listener) {
    AtomicBoolean hasHeard = new AtomicBoolean();
    Runnable tell =
        () -> {
          if (hasHeard.compareAndSet(false, true)) {
            listener.accept(group.failure());
          }
        };
    group.onFailure(tell);
    // it may have failed before anybody listened
    if (group.hasFailed()) {
      tell.run();
    }
  }

  @Override
  public void abort(String reason) {
    group.fail("aborted by rank=%d: %s".formatted(group.rank(), reason));
  }

  @Override
  public Collective background() {
    return background.orElse(this);
  }

  /** Takes leave of the others, and closes all connections and the thread that watches them. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      closing.run();
    }
  }
}
