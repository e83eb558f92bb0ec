package org.byol4j.collective;

import java.util.function.Consumer;

/** Another collective, and how long the operations of this handle on it have taken. */
public final class TimedCollective implements Collective {
  private final Collective collective;
  private long nanos;

  /** Times {@code collective}, which stays the caller's. */
  public TimedCollective(Collective collective) {
    this.collective = collective;
  }

  /**
   * How long the operations of this handle have taken so far, waiting for the others included, in
   * nanoseconds; those of {@link #background} are not timed.
   */
  public long nanos() {
    return nanos;
  }

  @Override
  public int rank() {
    return collective.rank();
  }

  @Override
  public int size() {
    return collective.size();
  }

  @Override
  public void allReduceSum(double[] values) {
    long start = System.nanoTime();
    collective.allReduceSum(values);
    nanos += System.nanoTime() - start;
  }

  @Override
  public void allGather(double[] mine, double[] all) {
    long start = System.nanoTime();
    collective.allGather(mine, all);
    nanos += System.nanoTime() - start;
  }

  @Override
  public void reduceScatterSum(Vector values, long[] bounds) {
    long start = System.nanoTime();
    collective.reduceScatterSum(values, bounds);
    nanos += System.nanoTime() - start;
  }

  @Override
  public void allGather(Vector values, long[] bounds) {
    long start = System.nanoTime();
    collective.allGather(values, bounds);
    nanos += System.nanoTime() - start;
  }

  @Override
  public boolean reaches(Object holder) {
    return collective.reaches(holder);
  }

  @Override
  public void startAllGather(Object holder) {
    long start = System.nanoTime();
    collective.startAllGather(holder);
    nanos += System.nanoTime() - start;
  }

  /**
   * The other one's, untimed: it works beside whoever uses this handle, who counts what he waits
   * for it himself.
   */
  @Override
  public Collective background() {
    return collective.background();
  }

  @Override
  public long sentBytes() {
    return collective.sentBytes();
  }

  @Override
  public void onFailure(Consumer<String> listener) {
    collective.onFailure(listener);
  }

  @Override
  public void abort(String reason) {
    collective.abort(reason);
  }

  /** Does nothing: whoever made the other collective closes it. */
  @Override
  public void close() {}
}
