package org.byol4j.nn;

import java.util.Arrays;
import java.util.Optional;
import org.byol4j.collective.Collective;
import org.byol4j.device.BatchNorm;
import org.byol4j.device.Figures;
import org.byol4j.device.Op;
import org.byol4j.device.SharedPass;

/**
 * Runs one planned batch normalization with the statistics of the whole batch, over all replicas.
 *
 * <p>Each replica contributes (count, mean, M2), and all merge them in rank order and in double
 * (Chan et al. 1979, pairwise update), so that unequal numbers of rows are exact and every replica
 * holds the same bits. The scale and shift gradients stay local: the gradient sum of the parameter
 * server adds them up.
 *
 * <p>Where the group reaches the memory of the replicas' devices, all this stays there.
 */
final class Normalization {
  private final BatchNorm norm;
  private final Collective collective;
  private final RunningStatistics running;
  private final NetworkSettings settings;
  private final long localRows;
  private final int channels;

  /** This replica's message: count, means, sums of squared differences. */
  private final double[] message;

  private final double[] messages;
  private final double[] moments;
  private final double[] mean;
  private final double[] variance;
  private final double[] merged;
  private final double[] sums;

  /** How many rows each replica has, by rank; empty where the group does not reach the device. */
  private final long[] rowsByRank;

  private final Optional<SharedPass> shared;
  private long rows;

  Normalization(
      BatchNorm norm,
      Collective collective,
      RunningStatistics running,
      NetworkSettings settings,
      long localRows,
      int channels) {
    this.norm = norm;
    this.collective = collective;
    this.running = running;
    this.settings = settings;
    this.localRows = localRows;
    this.channels = channels;
    this.message = new double[1 + 2 * channels];
    this.messages = new double[collective.size() * message.length];
    this.moments = new double[2 * channels];
    this.mean = new double[channels];
    this.variance = new double[channels];
    this.merged = new double[2 * channels];
    this.sums = new double[2 * channels];
    boolean isReached = collective.size() > 1 && collective.reaches(norm.statistics());
    this.rowsByRank = isReached ? rowsOfAll() : new long[0];
    this.shared = isReached ? norm.shared(collective.rank(), rowsByRank) : Optional.empty();
    this.rows = Arrays.stream(rowsByRank).sum();
  }

  private long[] rowsOfAll() {
    double[] all = new double[collective.size()];
    collective.allGather(new double[] {localRows}, all);
    return Arrays.stream(all).mapToLong(count -> (long) count).toArray();
  }

  /** Normalizes with batch statistics. */
  void forward() {
    if (collective.size() == 1) {
      norm.forwardLocal();
      rows = localRows;
      return;
    }
    if (shared.isPresent()) {
      exchange(shared.get());
      return;
    }
    norm.moments(moments);
    mergeReplicas();
    norm.normalize(mean, variance);
  }

  private void exchange(SharedPass pass) {
    pass.take();
    collective.startAllGather(pass.figures());
    pass.apply();
  }

  /**
   * Whether the statistics of the last {@link #forward} are known to the device only; the running
   * averages are then moved when the host has them.
   */
  boolean keepsStatisticsOnDevice() {
    return collective.size() == 1 || shared.isPresent();
  }

  /** The statistics of the last {@link #forward}: means, then biased variances. */
  Figures statistics() {
    return norm.statistics();
  }

  int statisticsLength() {
    return 2 * channels;
  }

  /** Moves the running averages by the statistics that the host has from the last exchange. */
  void moveAverages() {
    System.arraycopy(mean, 0, merged, 0, channels);
    System.arraycopy(variance, 0, merged, channels, channels);
    moveAverages(merged, 0);
  }

  /**
   * Moves the running averages.
   *
   * @param taken at {@code at} statistics of this normalization
   */
  void moveAverages(double[] taken, int at) {
    running.update(taken, at, settings.runningDecay(), varianceCorrection());
  }

  /** Normalizes with the running averages. */
  void evaluate() {
    running.read(mean, variance);
    norm.normalize(mean, variance);
  }

  /** Binds the way back; {@code localRows} were normalized by the last {@link #forward}. */
  Op backward(BatchNorm.Backward wayBack) {
    if (collective.size() == 1) {
      return wayBack::local;
    }
    if (shared.isPresent()) {
      SharedPass pass = wayBack.shared(collective.rank(), rowsByRank).orElseThrow();
      return () -> exchange(pass);
    }
    return () -> {
      wayBack.sums(sums);
      collective.allReduceSum(sums);
      wayBack.apply(sums, rows);
    };
  }

  private void mergeReplicas() {
    message[0] = localRows;
    System.arraycopy(moments, 0, message, 1, moments.length);
    collective.allGather(message, messages);
    System.arraycopy(messages, 1, mean, 0, channels);
    System.arraycopy(messages, 1 + channels, variance, 0, channels);
    double count = messages[0];
    for (int rank = 1; rank < collective.size(); rank++) {
      int start = rank * message.length;
      double more = messages[start];
      double total = count + more;
      for (int c = 0; c < channels; c++) {
        double delta = messages[start + 1 + c] - mean[c];
        mean[c] += delta * more / total;
        variance[c] += messages[start + 1 + channels + c] + delta * delta * count * more / total;
      }
      count = total;
    }
    for (int c = 0; c < channels; c++) {
      variance[c] /= count;
    }
    rows = (long) count;
  }

  private double varianceCorrection() {
    return switch (settings.runningVariance()) {
      case BIASED -> 1;
      case UNBIASED -> rows > 1 ? (double) rows / (rows - 1) : 1;
    };
  }
}
