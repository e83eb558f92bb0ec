package org.byol4j.collective;

/** Another collective, and how long its operations have taken. */
public final class TimedCollective implements Collective {
  private final Collective collective;
  private long nanos;

  /** Times {@code collective}, which stays the caller's. */
  public TimedCollective(Collective collective) {
    this.collective = collective;
  }

  /** How long all operations have taken so far, waiting for the others included. */
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

  /** The other one's; what it takes there, the step does not wait for. */
  @Override
  public Collective background() {
    return collective.background();
  }

  @Override
  public void abort(String reason) {
    collective.abort(reason);
  }

  /** Does nothing: whoever made the other collective closes it. */
  @Override
  public void close() {}
}
