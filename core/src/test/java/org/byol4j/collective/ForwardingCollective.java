package org.byol4j.collective;

import java.util.function.Consumer;

/** Another collective as it is; a test's own changes one of its operations. */
public abstract class ForwardingCollective implements Collective {
  private final Collective collective;

  /** Hands everything on to {@code collective}, closing it too. */
  protected ForwardingCollective(Collective collective) {
    this.collective = collective;
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
    collective.allReduceSum(values);
  }

  @Override
  public void allGather(double[] mine, double[] all) {
    collective.allGather(mine, all);
  }

  @Override
  public void reduceScatterSum(Vector values, long[] bounds) {
    collective.reduceScatterSum(values, bounds);
  }

  @Override
  public void allGather(Vector values, long[] bounds) {
    collective.allGather(values, bounds);
  }

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

  @Override
  public void close() {
    collective.close();
  }
}
