package org.byol4j.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.byol4j.optim.OptimizerSettings.Algorithm;
import org.byol4j.parameters.Slice.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class MomentumTest {
  private static final double RATE = 0.3;

  @Test
  void larsScalesByTheRatioOfWeightNormToUpdateNorm() {
    // p = (0, 2), g = (1, 0), weight decay .5: u = (1, 1)
    Momentum lars = lars(0.5, true, 1e-3, false);
    assertThat(update(lars, Kind.WEIGHT, 4, 1, 0, RATE))
        .isEqualTo(new Coefficients(0.9, 1e-3 * 2 / Math.sqrt(2), 0.5, RATE));
  }

  @Test
  void larsCountsWhatWeightsAndGradientHaveInCommon() {
    // p = (3, 4), g = (.6, .8), weight decay .2: u = (1.2, 1.6)
    assertThat(lars(0.2, true, 1e-3, false).trust(Kind.WEIGHT, 25, 1, 5, RATE))
        .isCloseTo(1e-3 * 5 / 2, within(1e-18));
  }

  @ParameterizedTest
  @CsvSource({"0, 1, 0", "1, 0, 0", "0, 0, 0"})
  void larsScalesNothingWhereANormIsZero(double weights, double gradient, double product) {
    assertThat(lars(0, true, 1e-3, false).trust(Kind.WEIGHT, weights, gradient, product, RATE))
        .isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"BIAS", "NORM_SCALE", "NORM_SHIFT"})
  void biasesAndNormalizationsHaveNeitherRatioNorDecay(Kind kind) {
    Momentum lars = lars(0.5, true, 1e-3, false);
    assertThat(update(lars, kind, 4, 1, 0, RATE)).isEqualTo(new Coefficients(0.9, 1, 0, RATE));
    assertThat(lars.needsNorms(kind)).isFalse();
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void everyTensorIsAWeightWhereNothingIsExcluded(Kind kind) {
    Momentum lars = lars(0.5, false, 1e-3, false);
    assertThat(update(lars, kind, 4, 1, 0, RATE))
        .isEqualTo(new Coefficients(0.9, 1e-3 * 2 / Math.sqrt(2), 0.5, RATE));
    assertThat(update(sgd(false), kind, 4, 1, 0, RATE))
        .isEqualTo(new Coefficients(0.9, 1, 5e-4, RATE));
  }

  @ParameterizedTest
  @CsvSource({
    // |p| = 5, |g| = 1, weight decay .1: the ratio is .02 * 5 / 1.5
    "0.5,  0.133333333",
    "0.1,  0.666666667",
    "0.05, 1",
    "0,    1"
  })
  void clippedRatioIsDividedByTheRateAndAtMostOne(double rate, double expected) {
    assertThat(lars(0.1, true, 0.02, true).trust(Kind.WEIGHT, 25, 1, 0, rate))
        .isCloseTo(expected, within(1e-8));
  }

  @Test
  void sgdSparesBiasesAndNormalizationsOnlyIfTold() {
    assertThat(update(sgd(true), Kind.WEIGHT, 4, 1, 0, RATE))
        .isEqualTo(new Coefficients(0.9, 1, 5e-4, RATE));
    assertThat(update(sgd(true), Kind.NORM_SCALE, 4, 1, 0, RATE))
        .isEqualTo(new Coefficients(0.9, 1, 0, RATE));
    assertThat(sgd(true).needsNorms(Kind.WEIGHT)).isFalse();
  }

  /** What the parameter server asks for, all at once. */
  private record Coefficients(double decay, double trust, double weightDecay, double rate) {}

  private static Coefficients update(
      Momentum optimizer, Kind kind, double weights, double gradient, double product, double rate) {
    return new Coefficients(
        optimizer.decay(),
        optimizer.trust(kind, weights, gradient, product, rate),
        optimizer.weightDecay(kind),
        rate);
  }

  private static Momentum lars(
      double weightDecay, boolean exclude, double trustCoefficient, boolean clip) {
    return new Momentum(
        new OptimizerSettings(
            Algorithm.LARS, 0.2, 256, 10, 0.9, weightDecay, exclude, trustCoefficient, clip));
  }

  private static Momentum sgd(boolean exclude) {
    return new Momentum(
        new OptimizerSettings(Algorithm.SGD, 0.06, 128, 0, 0.9, 5e-4, exclude, 1e-3, false));
  }
}
