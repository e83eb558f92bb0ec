package org.byol4j.paramserver;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.byol4j.device.Device;
import org.byol4j.device.Factors;
import org.byol4j.device.Measure;
import org.byol4j.device.Report;
import org.byol4j.device.Tensor;
import org.byol4j.optim.Momentum;
import org.byol4j.parameters.Slice;

/**
 * The norms that the optimizer asks for and that tell whether gradients are finite, of all owned
 * slices at once. By slice of the table: the sums of g * g, p * p and g * p; the last two only
 * where they are needed, else 0.
 */
final class GradientNorms {
  /** How many sums a slice has. */
  static final int SUMS = 3;

  private final Measure dots;
  private final Report report;
  private final double[] taken;

  /** Where each of the taken sums belongs among those by slice. */
  private final int[] places;

  /**
   * @param needsNorms whether the optimizer asks for the norms of slices of a kind
   */
  GradientNorms(Device device, OwnedSlice[] owned, Predicate<Slice.Kind> needsNorms) {
    List<Factors> factors = new ArrayList<>();
    List<Integer> where = new ArrayList<>();
    for (OwnedSlice part : owned) {
      int at = SUMS * part.index();
      Tensor gradients = part.gradients();
      factors.add(new Factors(gradients, gradients));
      where.add(at);
      if (needsNorms.test(part.slice().kind())) {
        factors.add(new Factors(part.weights(), part.weights()));
        where.add(at + 1);
        factors.add(new Factors(gradients, part.weights()));
        where.add(at + 2);
      }
    }
    this.dots = device.dots(factors);
    this.report = device.report(List.of(dots));
    this.taken = new double[factors.size()];
    this.places = where.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Takes the sums as they are now. */
  void run() {
    dots.run();
    report.run();
  }

  /** Fills {@code sums} with what was taken last, by slice. */
  void read(double[] sums) {
    Arrays.fill(sums, 0);
    report.read(taken);
    for (int i = 0; i < places.length; i++) {
      sums[places[i]] = taken[i];
    }
  }

  /** The sum of squares of a slice's gradient. */
  static double square(double[] sums, int slice) {
    return sums[SUMS * slice];
  }

  /** The layer-wise ratio of a slice. */
  static double trust(
      Momentum optimizer, Slice.Kind kind, double[] sums, int slice, double learningRate) {
    int at = SUMS * slice;
    return optimizer.trust(kind, sums[at + 1], sums[at], sums[at + 2], learningRate);
  }
}
