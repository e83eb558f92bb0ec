package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.Collective;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.device.ReferenceDevice;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.nn.NetworkSettings.Backbone;
import org.byol4j.nn.NetworkSettings.PaddingStyle;
import org.byol4j.nn.NetworkSettings.Stem;
import org.byol4j.parameters.Slice;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The gradient of BYOL's loss over both views, through predictor, projector, every block and every
 * cross-replica normalization, against central differences in float64, along a random direction in
 * each tensor.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class WholeNetworkGradientTest {

  /** Small enough that hardly any ReLU flips, large enough for 8 digits of the difference. */
  private static final double DIFFERENCE = 1e-7;

  /** Of the norm of the tensor's gradient, or of {@link #SMALL} where that is smaller. */
  private static final double TOLERANCE = 1e-5;

  private static final double SMALL = 1e-3;

  @ParameterizedTest
  @CsvSource({
    "RESNET18, CIFAR, SAME, 8, 1",
    "RESNET18, CIFAR, TORCH, 8, 2",
    "RESNET18, IMAGENET, SAME, 24, 2",
    "RESNET50, CIFAR, SAME, 8, 2",
    "RESNET50, IMAGENET, TORCH, 24, 2",
  })
  void gradientIsThatOfCentralDifferences(
      Backbone backbone, Stem stem, PaddingStyle padding, int imageSize, int replicas) {
    Setup setup = Setup.of(backbone, stem, padding, imageSize);
    List<List<String>> faults =
        Replicas.run(
            LocalCollective.group(replicas, Duration.ofSeconds(60)),
            collective -> faults(collective, setup));
    assertThat(faults).allSatisfy(list -> assertThat(list).isEmpty());
  }

  /** Every replica changes the same weight at the same time. */
  private static List<String> faults(Collective collective, Setup setup) {
    int[] rows = rows(collective);
    ReferenceDevice device = new ReferenceDevice();
    try (TinyReplica replica =
        new TinyReplica(device, collective, setup, rows.length, TinyReplica.Flaw.NONE)) {
      RandomViews views = RandomViews.of(setup, 0, rows);
      views.next();
      differFromTarget(device, replica.online.weights());
      for (boolean swapped : new boolean[] {false, true}) {
        forward(replica, views, swapped);
        replica.plan.backward();
      }
      double[] gradient = replica.gradients();
      collective.allReduceSum(gradient);
      Random random = new Random(3);
      List<String> faults = new ArrayList<>();
      for (Slice slice : replica.online.table().slices()) {
        double[] direction = unitVector(random, slice.length());
        double slope = 0;
        double square = 0;
        for (int i = 0; i < direction.length; i++) {
          double partial = gradient[(int) slice.offset() + i];
          slope += partial * direction[i];
          square += partial * partial;
        }
        double difference = centralDifference(collective, setup, replica, views, slice, direction);
        double norm = Math.sqrt(square);
        if (!(Math.abs(difference - slope) <= TOLERANCE * Math.max(norm, SMALL))) {
          faults.add(
              "%s: slope=%s difference=%s |gradient|=%s"
                  .formatted(slice.name(), slope, difference, norm));
        }
      }
      return faults;
    }
  }

  /** Uneven shares: two rows for the first of two replicas, three for the second. */
  private static int[] rows(Collective collective) {
    if (collective.size() == 1) {
      return new int[] {0, 1, 2, 3, 4};
    }
    return collective.rank() == 0 ? new int[] {0, 1} : new int[] {2, 3, 4};
  }

  /** The target must not sit at the minimum, nor any scale at 1 or shift at 0. */
  private static void differFromTarget(ReferenceDevice device, Tensor weights) {
    Random random = new Random(11);
    double[] values = device.values(weights);
    for (int i = 0; i < values.length; i++) {
      values[i] += 0.1 * random.nextGaussian();
    }
    device.write(values, weights);
  }

  private static double[] unitVector(Random random, int length) {
    double[] direction = random.doubles(length, -1, 1).toArray();
    double norm = Math.sqrt(Arrays.stream(direction).map(value -> value * value).sum());
    return Arrays.stream(direction).map(value -> value / norm).toArray();
  }

  private static double centralDifference(
      Collective collective,
      Setup setup,
      TinyReplica replica,
      RandomViews views,
      Slice slice,
      double[] direction) {
    ReferenceDevice device = (ReferenceDevice) replica.device;
    Tensor weights = replica.online.weights().view(slice.offset(), Shape.vector(slice.length()));
    double[] values = device.values(weights);
    device.write(along(values, DIFFERENCE, direction), weights);
    double above = loss(collective, setup, replica, views);
    device.write(along(values, -DIFFERENCE, direction), weights);
    double below = loss(collective, setup, replica, views);
    device.write(values, weights);
    return (above - below) / (2 * DIFFERENCE);
  }

  private static double[] along(double[] values, double distance, double[] direction) {
    double[] moved = new double[values.length];
    Arrays.setAll(moved, i -> values[i] + distance * direction[i]);
    return moved;
  }

  private static double loss(
      Collective collective, Setup setup, TinyReplica replica, RandomViews views) {
    double[] sum = {forward(replica, views, false) + forward(replica, views, true)};
    collective.allReduceSum(sum);
    return sum[0] / setup.train().batchSize();
  }

  private static double forward(TinyReplica replica, RandomViews views, boolean swapped) {
    replica.plan.online(swapped ? views.view2() : views.view1());
    replica.plan.target(swapped ? views.view1() : views.view2());
    replica.plan.compare();
    return replica.plan.takeLosses();
  }
}
