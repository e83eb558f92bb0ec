package org.byol4j.nn;

import java.util.Arrays;

/**
 * The running mean and variance of one normalization, a range of a network's flat running state.
 */
final class RunningStatistics {
  private final float[] values;
  private final int offset;
  private final int channels;

  RunningStatistics(float[] values, RunningRange range) {
    this.values = values;
    this.offset = range.offset();
    this.channels = range.channels();
    Arrays.fill(values, offset + channels, offset + 2 * channels, 1f);
  }

  /**
   * Moves the averages towards the statistics of a batch.
   *
   * @param statistics at {@code at} the means and, behind them, the biased variances
   * @param decay the share that stays
   * @param correction what the biased variance is multiplied by
   */
  void update(double[] statistics, int at, double decay, double correction) {
    for (int c = 0; c < channels; c++) {
      int m = offset + c;
      int v = offset + channels + c;
      double mean = statistics[at + c];
      double variance = statistics[at + channels + c];
      values[m] = (float) (decay * values[m] + (1 - decay) * mean);
      values[v] = (float) (decay * values[v] + (1 - decay) * variance * correction);
    }
  }

  void read(double[] mean, double[] variance) {
    for (int c = 0; c < channels; c++) {
      mean[c] = values[offset + c];
      variance[c] = values[offset + channels + c];
    }
  }
}
