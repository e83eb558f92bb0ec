package org.byol4j.device;

import static org.assertj.core.api.Assertions.assertThat;

import org.byol4j.device.TwinDevices.Twin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every device must do element by element, and with sums over elements. */
interface ElementwiseContract {

  /** The device under test beside the reference. */
  TwinDevices twins();

  @ParameterizedTest
  @CsvSource({"1, 3", "2, 16", "33, 17", "7, 24", "64, 256"})
  default void biasIsAddedAndItsGradientAccumulates(int rows, int channels) {
    Twin bias = twins().slice(Shape.vector(channels));
    Twin gradient = twins().slice(Shape.vector(channels));
    Twin y = twins().random(Shape.matrix(rows, channels));
    twins()
        .run(
            side -> {
              side.device().addBias(side.of(bias), side.of(y)).run();
              side.device().biasGradient(side.of(y), side.of(gradient)).run();
            });
    twins().expectSame("y", y);
    twins().expectSame("gradient", gradient);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  default void reluAndSumsAreTheReferencesAlsoInPlace(boolean inPlace) {
    Shape shape = new Shape(3, 5, 7, 17);
    Twin a = twins().random(shape, 0, 1, inPlace ? 3 : 0);
    Twin b = twins().random(shape);
    Twin y = twins().random(shape);
    Twin masked = inPlace ? a : twins().random(shape);
    Twin sum = inPlace ? a : twins().random(shape);
    Twin maskedSum = inPlace ? a : twins().random(shape);
    twins()
        .run(
            side -> {
              Device device = side.device();
              device.add(side.of(a), side.of(b), side.of(sum)).run();
              device.addReluBackward(side.of(a), side.of(b), side.of(y), side.of(maskedSum)).run();
              device.reluBackward(side.of(a), side.of(y), side.of(masked)).run();
            });
    twins().expectSame("sum", sum);
    twins().expectSame("masked sum", maskedSum);
    twins().expectSame("masked", masked);
  }

  @Test
  default void reluLetsNoGradientThroughAtZero() {
    Twin dy = twins().of(Shape.vector(4), 1, 2, 3, 4);
    Twin y = twins().of(Shape.vector(4), 0, 1, -0f, -1);
    twins().run(side -> side.device().reluBackward(side.of(dy), side.of(y), side.of(dy)).run());
    assertThat(TensorValues.of(twins().testedSide().device(), dy.tested()))
        .containsExactly(0, 2, 0, 0);
  }

  @ParameterizedTest
  @CsvSource({"1, 2", "3, 16", "64, 256", "5, 17"})
  default void lossAndItsGradientAreTheReferences(int rows, int channels) {
    Shape shape = Shape.matrix(rows, channels);
    Twin prediction = twins().random(shape, 0.1, 3);
    Twin projection = twins().random(shape);
    Twin gradient = twins().random(shape);
    twins()
        .expectSame(
            1e-6,
            side ->
                run(
                    side.device()
                        .regressionLoss(
                            side.of(prediction), side.of(projection), 0.125, side.of(gradient))));
    twins().expectSame("gradient", 5e-6, gradient);
  }

  private static double run(Measure measure) {
    measure.run();
    return measure.value();
  }

  @Test
  default void lossOfZeroRowsIsFinite() {
    Twin zero = twins().of(Shape.matrix(1, 3), 0, 0, 0);
    Twin one = twins().of(Shape.matrix(1, 3), 0, 2, 0);
    Twin ofZero = twins().random(Shape.matrix(1, 3));
    Twin ofOne = twins().random(Shape.matrix(1, 3));
    twins()
        .expectSame(
            1e-6,
            side ->
                run(side.device().regressionLoss(side.of(zero), side.of(one), 1, side.of(ofZero))));
    twins()
        .expectSame(
            1e-6,
            side ->
                run(side.device().regressionLoss(side.of(one), side.of(zero), 1, side.of(ofOne))));
    twins().expectSame("gradient at a zero prediction", ofZero);
    twins().expectSame("gradient at a zero projection", ofOne);
  }

  @ParameterizedTest
  @CsvSource({"1, 2", "3, 16", "64, 256", "45, 40"})
  default void projectionSumsAreTheReferences(int rows, int channels) {
    Shape shape = Shape.matrix(rows, channels);
    Twin prediction = twins().random(shape, 0.1, 3);
    Twin projection = twins().random(shape, 0.5, 1);
    double[][] sums = new double[2][ProjectionSums.length(channels)];
    int[] turn = {0};
    twins()
        .run(
            side -> {
              Measure measure =
                  side.device().projectionSums(side.of(prediction), side.of(projection));
              assertThat(measure.length()).isEqualTo(ProjectionSums.length(channels));
              measure.run();
              measure.run(); // forgets the first
              measure.read(sums[turn[0]++], 0);
            });
    assertThat(sums[0][0]).isEqualTo(rows);
    TwinDevices.expectSame("projection sums", 1e-6, sums[1], sums[0]);
  }

  @Test
  default void projectionThatIsNotANumberShowsInTheCosines() {
    Twin ones = twins().of(Shape.matrix(2, 2), 1, 1, 1, 1);
    Twin bad = twins().of(Shape.matrix(2, 2), 1, 1, 1, Float.NaN);
    Device device = twins().testedSide().device();
    Measure measure = device.projectionSums(ones.tested(), bad.tested());
    double[] sums = new double[measure.length()];
    measure.run();
    measure.read(sums, 0);
    assertThat(sums[1]).isNaN();
    assertThat(sums[2 + 1]).isNaN();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 1000, 300_001})
  default void flatOperationsAreTheReferencesOnAnySlice(int length) {
    Twin a = twins().slice(Shape.vector(length));
    Twin b = twins().random(Shape.vector(length), 0, 1, 2);
    Twin momentum = twins().slice(Shape.vector(length));
    Twin copied = twins().random(Shape.vector(length), 0, 1, 1);
    Twin filled = twins().slice(Shape.vector(length));
    twins().expectSame(1e-10, side -> side.device().dot(side.of(a), side.of(a)));
    twins()
        .run(
            side -> {
              Device device = side.device();
              device.update(0.9, 1e-3, 1e-2, 0.3, side.of(b), side.of(momentum), side.of(a));
              device.axpby(0.004, side.of(a), 0.996, side.of(b));
              device.copy(side.of(b), side.of(copied));
              device.fill(-1.5, side.of(filled));
            });
    twins().expectSame("weights", a);
    twins().expectSame("momentum", momentum);
    twins().expectSame("axpby", b);
    twins().expectSame("copied", copied);
    twins().expectSame("filled", filled);
  }

  /** Memory is undefined before it is written; what it holds may be no number. */
  @ParameterizedTest
  @ValueSource(ints = {1, 7, 1000})
  default void axpbyWithoutYOverwritesWhateverIsThere(int length) {
    Twin x = twins().random(Shape.vector(length));
    Twin y = twins().slice(Shape.vector(length));
    Twin blended = twins().slice(Shape.vector(length));
    twins()
        .run(
            side -> {
              Device device = side.device();
              device.fill(Double.NaN, side.of(y));
              device.axpby(0.5, side.of(x), 0, side.of(y));
              device.fill(Double.NaN, side.of(blended));
              device.blend(side.of(x), side.of(blended)).run(0.5, 0);
            });
    twins().expectSame("axpby", y);
    twins().expectSame("blend", blended);
  }

  @Test
  default void dotSumsInDouble() {
    Twin tiny = twins().random(Shape.vector(200_003), 0, 1e-30);
    twins().expectSame(1e-10, side -> side.device().dot(side.of(tiny), side.of(tiny)));
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  default void dotOfNonFiniteValuesIsNotFinite(float value) {
    float[] values = new float[1000];
    values[997] = value;
    Twin twin = twins().of(Shape.vector(1000), values);
    assertThat(twins().testedSide().device().dot(twin.tested(), twin.tested())).isNotFinite();
  }
}
