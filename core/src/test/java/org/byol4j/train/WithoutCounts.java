package org.byol4j.train;

import org.byol4j.collective.Collective;
import org.byol4j.collective.ForwardingCollective;

/**
 * A group whose batch statistics are wrong on purpose: each replica's message (count, means, sums
 * of squared differences) is scaled to the same count, so that the merge is a mean of means.
 */
final class WithoutCounts extends ForwardingCollective {

  WithoutCounts(Collective group) {
    super(group);
  }

  @Override
  public void allGather(double[] mine, double[] all) {
    super.allGather(mine, all);
    double total = 0;
    for (int start = 0; start < all.length; start += mine.length) {
      total += all[start];
    }
    int channels = (mine.length - 1) / 2;
    for (int start = 0; start < all.length; start += mine.length) {
      double factor = total / size() / all[start];
      all[start] *= factor;
      for (int c = 0; c < channels; c++) {
        all[start + 1 + channels + c] *= factor;
      }
    }
  }
}
