package org.byol4j.train;

import org.byol4j.collective.Collective;
import org.byol4j.collective.Vector;

/**
 * A group whose batch statistics are wrong on purpose: each replica's message (count, means, sums
 * of squared differences) is scaled to the same count, so that the merge is a mean of means.
 */
final class WithoutCounts implements Collective {
  private final Collective group;

  WithoutCounts(Collective group) {
    this.group = group;
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
    group.allReduceSum(values);
  }

  @Override
  public void allGather(double[] mine, double[] all) {
    group.allGather(mine, all);
    double total = 0;
    for (int start = 0; start < all.length; start += mine.length) {
      total += all[start];
    }
    int channels = (mine.length - 1) / 2;
    for (int start = 0; start < all.length; start += mine.length) {
      double factor = total / group.size() / all[start];
      all[start] *= factor;
      for (int c = 0; c < channels; c++) {
        all[start + 1 + channels + c] *= factor;
      }
    }
  }

  @Override
  public void reduceScatterSum(Vector values, long[] bounds) {
    group.reduceScatterSum(values, bounds);
  }

  @Override
  public void allGather(Vector values, long[] bounds) {
    group.allGather(values, bounds);
  }

  @Override
  public Collective background() {
    return group.background();
  }

  @Override
  public void abort(String reason) {
    group.abort(reason);
  }

  @Override
  public void close() {
    group.close();
  }
}
