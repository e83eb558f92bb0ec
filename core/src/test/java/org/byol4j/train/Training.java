package org.byol4j.train;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.device.Device;

/** Trains a {@link Setup} on random views and says how far the online weights went. */
final class Training {
  private static final int[] ALL_ROWS = RandomViews.rowsOf(0, 1);

  private final Setup setup;
  private final Supplier<Device> devices;

  Training(Setup setup, Supplier<Device> devices) {
    this.setup = setup;
    this.devices = devices;
  }

  /** Returns the way of a single replica. */
  double[] alone() {
    return alone(ALL_ROWS);
  }

  /** Returns the way of a single replica that has the batch's rows in another order. */
  double[] alone(int[] rows) {
    return replicas(List.of(rows), TinyReplica.Flaw.NONE);
  }

  /** Returns the way of several replicas with equal or nearly equal shares of the batch. */
  double[] together(int size, TinyReplica.Flaw flaw) {
    List<int[]> shares =
        IntStream.range(0, size).mapToObj(rank -> RandomViews.rowsOf(rank, size)).toList();
    return replicas(shares, flaw);
  }

  /** Returns what the weights of all replicas, which must be equal, became less what they were. */
  private double[] replicas(List<int[]> shares, TinyReplica.Flaw flaw) {
    List<double[]> ways =
        Replicas.run(
            LocalCollective.group(shares.size(), Duration.ofSeconds(60)),
            collective -> {
              int[] rows = shares.get(collective.rank());
              try (TinyReplica replica =
                  new TinyReplica(devices.get(), collective, setup, rows.length, flaw)) {
                double[] before = replica.onlineWeights();
                for (int step = 0; step < setup.steps(); step++) {
                  replica.step.run(step, RandomViews.of(setup, step, rows));
                }
                return difference(replica.onlineWeights(), before);
              }
            });
    for (double[] way : ways) {
      if (!Arrays.equals(way, ways.get(0))) {
        throw new AssertionError("replicas hold different weights");
      }
    }
    return ways.get(0);
  }

  /** {@code |a - b| / |b|}. */
  static double distance(double[] a, double[] b) {
    return norm(difference(a, b)) / norm(b);
  }

  static double norm(double[] values) {
    double sum = 0;
    for (double value : values) {
      sum += value * value;
    }
    return Math.sqrt(sum);
  }

  private static double[] difference(double[] a, double[] b) {
    double[] difference = new double[a.length];
    Arrays.setAll(difference, i -> a[i] - b[i]);
    return difference;
  }
}
