package org.byol4j.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.byol4j.device.TwinDevices.Twin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What every device must do for many tensors at once, and how it brings figures to the host so that
 * few waits are enough.
 */
interface AtOnceContract {

  /** The device under test beside the reference. */
  TwinDevices twins();

  @Test
  default void dotsAreThoseOfTheReferenceWhateverTheLengths() {
    int[] lengths = {1, 255, 4097, 100_003};
    List<Twin> slices = new ArrayList<>();
    for (int length : lengths) {
      slices.add(twins().slice(Shape.vector(length)));
    }
    double[][] sums = new double[2][lengths.length + 1];
    int[] turn = {0};
    twins()
        .run(
            side -> {
              List<Factors> factors = new ArrayList<>();
              slices.forEach(slice -> factors.add(new Factors(side.of(slice), side.of(slice))));
              Twin last = slices.get(lengths.length - 1);
              Twin weights = last.view(100_000, Shape.vector(3));
              factors.add(new Factors(side.of(weights), side.of(last.view(7, Shape.vector(3)))));
              Measure dots = side.device().dots(factors);
              dots.run();
              assertThat(dots.length()).isEqualTo(factors.size());
              dots.read(sums[turn[0]++], 0);
            });
    TwinDevices.expectSame("dots", 1e-10, sums[1], sums[0]);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
  default void oneOfTheDotsThatIsNotFiniteLeavesTheOthersAlone(float value) {
    Device device = twins().testedSide().device();
    Twin ones = twins().of(Shape.vector(2), 1, 1);
    Twin bad = twins().of(Shape.vector(3), 1, value, 1);
    Measure dots =
        device.dots(
            List.of(
                new Factors(ones.tested(), ones.tested()),
                new Factors(bad.tested(), bad.tested()),
                new Factors(ones.tested(), ones.tested())));
    double[] sums = new double[3];
    dots.run();
    dots.read(sums, 0);
    assertThat(sums[0]).isEqualTo(2);
    assertThat(sums[1]).isNotFinite();
    assertThat(sums[2]).isEqualTo(2);
  }

  @Test
  default void updatesOfManyRangesAreTheSameBitsAsOneByOne() {
    int[] lengths = {1, 1000, 5003};
    double[] trust = {0.5, 1, 1e-3};
    double[] decay = {0, 1e-2, 0.3};
    Device device = twins().testedSide().device();
    List<Twin> single = new ArrayList<>();
    List<Twin> together = new ArrayList<>();
    List<MomentumStep.Range> ranges = new ArrayList<>();
    for (int i = 0; i < lengths.length; i++) {
      Shape shape = Shape.vector(lengths[i]);
      Twin gradients = twins().slice(shape);
      for (List<Twin> weightsAndMomentum : List.of(single, together)) {
        Twin weights = twins().slice(shape);
        Twin momentum = twins().slice(shape);
        device.axpby(0.5, gradients.tested(), 0, weights.tested());
        device.axpby(0.25, gradients.tested(), 0, momentum.tested());
        weightsAndMomentum.add(weights);
        weightsAndMomentum.add(momentum);
      }
      ranges.add(
          new MomentumStep.Range(
              gradients.tested(), together.get(2 * i + 1).tested(), together.get(2 * i).tested()));
      Tensor alone = single.get(2 * i).tested();
      Tensor momentum = single.get(2 * i + 1).tested();
      device.update(0.9, trust[i], decay[i], 0.3, gradients.tested(), momentum, alone);
    }

    device.updates(ranges).run(0.9, trust, decay, 0.3);

    for (int i = 0; i < single.size(); i++) {
      assertThat(TensorValues.of(device, together.get(i).tested()))
          .isEqualTo(TensorValues.of(device, single.get(i).tested()));
    }
  }

  @Test
  default void blendsAreTheReferencesWhateverTheFactors() {
    Twin x = twins().slice(Shape.vector(1003));
    Twin y = twins().random(Shape.vector(1003), 0, 1, 2);
    Twin overwritten = twins().random(Shape.vector(1003), 0, 1, 3);
    twins()
        .run(
            side -> {
              Device device = side.device();
              Blend blend = device.blend(side.of(x), side.of(y));
              blend.run(0.004, 0.996);
              blend.run(0.5, 0.25);
              device.blend(side.of(x), side.of(overwritten)).run(2, 0);
            });
    twins().expectSame("blend", y);
    twins().expectSame("overwritten", overwritten);
  }

  @Test
  default void reportHasFiguresAsTheyWereWhenItRan() {
    Device device = twins().testedSide().device();
    Twin two = twins().of(Shape.vector(2), 1, 1);
    Twin three = twins().of(Shape.vector(3), 1, 1, 1);
    Measure ofTwo = device.dots(List.of(new Factors(two.tested(), two.tested())));
    Measure ofBoth =
        device.dots(
            List.of(
                new Factors(three.tested(), three.tested()),
                new Factors(two.tested(), two.tested())));
    Report before = device.report(List.of(ofTwo, ofBoth));
    Report after = device.report(List.of(ofBoth, ofTwo));
    ofTwo.run();
    ofBoth.run();
    before.run();
    device.fill(2, two.tested());
    ofTwo.run();
    after.run();

    double[] taken = new double[before.length()];
    before.read(taken);
    assertThat(taken).containsExactly(2, 3, 2);
    after.read(taken);
    assertThat(taken).containsExactly(3, 2, 8);
    before.read(taken);
    assertThat(taken).containsExactly(2, 3, 2);
  }
}
