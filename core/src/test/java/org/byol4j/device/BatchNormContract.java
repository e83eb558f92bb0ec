package org.byol4j.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.byol4j.device.BatchNorm.Form;
import org.byol4j.device.TwinDevices.Twin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What every device must do with batch normalization. */
interface BatchNormContract {
  double EPSILON = 1e-5;

  /** How near to 0 a value may be for its sign to depend on rounding. */
  double KINK = 1e-5;

  /** The device under test beside the reference. */
  TwinDevices twins();

  @ParameterizedTest
  @CsvSource({
    "3, 1, 1, 3",
    "3, 1, 1, 64",
    "5, 1, 1, 17",
    "64, 1, 1, 256",
    "1, 3, 5, 16",
    "3, 7, 5, 3",
    "8, 9, 9, 24",
    "4, 16, 16, 64",
    "2, 31, 33, 17",
    "2, 4, 4, 512",
    "33, 16, 16, 130"
  })
  default void localBatchNormIsTheReferencesInEveryForm(
      int batch, int height, int width, int channels) {
    for (Form form : Form.values()) {
      for (boolean inPlace : new boolean[] {false, true}) {
        expectLocalBatchNormOfReference(
            form, new Shape(batch, height, width, channels), inPlace, 0);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Form.class)
  default void tensorsOfABatchNormMayBeViewsAtAnyOffset(Form form) {
    expectLocalBatchNormOfReference(form, new Shape(3, 5, 7, 17), true, 3);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 2, 1, 1, 3",
    "1, 4, 1, 1, 64",
    "3, 2, 4, 4, 16",
    "1, 5, 7, 5, 17",
    "7, 2, 9, 8, 24",
    "40, 24, 1, 1, 256",
    "2, 3, 16, 15, 64"
  })
  default void batchNormOfTwoUnequalGroupsIsThatOfTheWholeBatch(
      int first, int second, int height, int width, int channels) {
    for (Form form : Form.values()) {
      expectMergedGroupsEqualTheWhole(form, first, second, height, width, channels);
    }
  }

  @Test
  default void momentsAreExactWhereTheMeanIsLarge() {
    Shape shape = new Shape(4, 13, 11, 17);
    Twin x = twins().random(shape, 1000, 0.1);
    Twin scale = twins().slice(Shape.vector(17));
    Twin y = twins().random(shape);
    double[][] moments = new double[2][34];
    int[] turn = {0};
    twins()
        .run(
            side ->
                side.device()
                    .batchNorm(
                        Form.PLAIN, side.of(x), side.of(scale), side.of(scale), EPSILON, side.of(y))
                    .moments(moments[turn[0]++]));
    for (int c = 0; c < 17; c++) {
      assertThat(moments[0][c]).isCloseTo(moments[1][c], within(1e-6 * moments[1][c]));
      assertThat(moments[0][17 + c])
          .isCloseTo(moments[1][17 + c], within(2e-5 * moments[1][17 + c]));
    }
  }

  @Test
  default void evaluationNormalizesWithGivenStatistics() {
    Shape shape = new Shape(1, 3, 3, 24);
    double[] mean = new double[24];
    double[] variance = new double[24];
    Arrays.setAll(mean, c -> 0.1 * c - 1);
    Arrays.setAll(variance, c -> 0.5 + 0.3 * c);
    Twin x = twins().random(shape);
    Twin scale = twins().slice(Shape.vector(24));
    Twin shift = twins().slice(Shape.vector(24));
    Twin y = twins().random(shape);
    twins()
        .run(
            side ->
                side.device()
                    .batchNorm(
                        Form.RELU, side.of(x), side.of(scale), side.of(shift), EPSILON, side.of(y))
                    .normalize(mean, variance));
    twins().expectSame("y", y);
  }

  private static BatchNorm batchNorm(
      Form form, TwinDevices.Side side, Twin x, Twin scale, Twin shift, Twin residual, Twin y) {
    if (form == Form.ADD_RELU) {
      return side.device()
          .batchNormAddRelu(
              side.of(x), side.of(scale), side.of(shift), EPSILON, side.of(residual), side.of(y));
    }
    return side.device()
        .batchNorm(form, side.of(x), side.of(scale), side.of(shift), EPSILON, side.of(y));
  }

  private void expectLocalBatchNormOfReference(
      Form form, Shape shape, boolean inPlace, int offset) {
    int channels = shape.channels();
    Twin x = twins().random(shape, 0.5, 2, offset);
    Twin residual = twins().random(shape, 0, 1, offset);
    Twin y = twins().random(shape, 0, 1, offset);
    Twin kept = twins().random(shape);
    Twin scale = twins().random(Shape.vector(channels), 1, 0.3, 13);
    Twin shift = twins().slice(Shape.vector(channels));
    Twin dy = twins().random(shape, 0, 1, offset);
    if (form == Form.RELU) {
      clearAtTheKink(x, scale, shift, dy);
    }
    Twin dx = inPlace ? dy : twins().random(shape, 0, 1, offset);
    Twin scaleGradient = twins().slice(Shape.vector(channels));
    Twin shiftGradient = twins().slice(Shape.vector(channels));
    double[][] statistics = new double[2][2 * channels];
    int[] turn = {0};
    twins()
        .run(
            side -> {
              BatchNorm norm = batchNorm(form, side, x, scale, shift, residual, y);
              BatchNorm.Backward backward =
                  norm.backward(
                      side.of(dy), side.of(dx), side.of(scaleGradient), side.of(shiftGradient));
              norm.forwardLocal();
              norm.statistics().read(statistics[turn[0]], 0);
              side.device().copy(side.of(y), side.of(kept));
              side.device().fill(Double.NaN, side.of(y));
              backward.local();
              turn[0]++;
            });
    double error = twins().tolerances().localStatistics();
    twins().expectSame(form + " y", error, kept);
    for (int from : new int[] {0, channels}) {
      TwinDevices.expectSame(
          form + (from == 0 ? " mean" : " variance"),
          error,
          Arrays.copyOfRange(statistics[1], from, from + channels),
          Arrays.copyOfRange(statistics[0], from, from + channels));
    }
    twins().expectSame(form + " scale gradient", error, scaleGradient);
    twins().expectSame(form + " shift gradient", error, shiftGradient);
    twins().expectSame(form + " dx", 5 * error, dx);
  }

  /**
   * Lets no gradient arrive where a ReLU gets about 0: there rounding decides what comes through.
   */
  private void clearAtTheKink(Twin x, Twin scale, Twin shift, Twin dy) {
    Twin z = twins().random(x.shape());
    twins().run(side -> batchNorm(Form.PLAIN, side, x, scale, shift, x, z).forwardLocal());
    twins().clearWhereSmall(z, KINK, dy);
  }

  /** The tested device goes the way of a group of two, the reference that of one. */
  private void expectMergedGroupsEqualTheWhole(
      Form form, int first, int second, int height, int width, int channels) {
    Shape whole = new Shape(first + second, height, width, channels);
    Shape[] parts = {
      new Shape(first, height, width, channels), new Shape(second, height, width, channels)
    };
    Twin x = twins().random(whole, 3, 2);
    Twin residual = twins().random(whole);
    Twin y = twins().random(whole);
    Twin kept = twins().random(whole);
    Twin dy = twins().random(whole);
    Twin scale = twins().random(Shape.vector(channels), 1, 0.3, 13);
    Twin shift = twins().slice(Shape.vector(channels));
    Twin scaleGradient = twins().slice(Shape.vector(channels));
    Twin shiftGradient = twins().slice(Shape.vector(channels));
    if (form == Form.RELU) {
      clearAtTheKink(x, scale, shift, dy);
    }
    twins()
        .run(
            side -> {
              boolean split = side == twins().testedSide();
              int groups = split ? 2 : 1;
              BatchNorm[] norms = new BatchNorm[groups];
              BatchNorm.Backward[] backwards = new BatchNorm.Backward[groups];
              for (int g = 0; g < groups; g++) {
                long offset = g * parts[0].elements();
                Shape part = split ? parts[g] : whole;
                norms[g] =
                    batchNorm(
                        form,
                        side,
                        x.view(offset, part),
                        scale,
                        shift,
                        residual.view(offset, part),
                        y.view(offset, part));
                Tensor gradient = side.of(dy.view(offset, part));
                backwards[g] =
                    norms[g].backward(
                        gradient, gradient, side.of(scaleGradient), side.of(shiftGradient));
              }
              if (!split) {
                norms[0].forwardLocal();
                side.device().copy(side.of(y), side.of(kept));
                backwards[0].local();
                return;
              }
              long[] rows = {parts[0].rows(), parts[1].rows()};
              GroupOfTwo.forward(norms, rows, channels);
              side.device().copy(side.of(y), side.of(kept));
              side.device().fill(Double.NaN, side.of(y));
              GroupOfTwo.backward(backwards, rows[0] + rows[1], channels);
            });
    twins().expectSame(form + " y", kept);
    twins()
        .expectSame(form + " scale gradient", 2 * twins().tolerances().operation(), scaleGradient);
    twins()
        .expectSame(form + " shift gradient", 2 * twins().tolerances().operation(), shiftGradient);
    twins().expectSame(form + " dx", 5 * twins().tolerances().operation(), dy);
  }
}
