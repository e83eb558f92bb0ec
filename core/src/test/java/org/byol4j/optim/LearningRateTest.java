package org.byol4j.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.byol4j.optim.OptimizerSettings.Algorithm;
import org.junit.jupiter.api.Test;

final class LearningRateTest {
  private static final OptimizerSettings IMAGENET_100 =
      new OptimizerSettings(Algorithm.LARS, 0.45, 256, 10, 0.9, 1e-6, true, 1e-3, false);

  /** ImageNet's 1,281,167 images in batches of 4096. */
  private static final int STEPS_PER_EPOCH = 312;

  private static final LearningRate RATE =
      LearningRate.of(IMAGENET_100, 4096, STEPS_PER_EPOCH, 100 * STEPS_PER_EPOCH);

  @Test
  void peakScalesWithTheBatch() {
    assertThat(RATE.at(10 * STEPS_PER_EPOCH)).isCloseTo(7.2, within(1e-12));
  }

  @Test
  void warmupRisesFromZeroByEqualSteps() {
    assertThat(RATE.at(0)).isZero();
    assertThat(RATE.at(1)).isCloseTo(7.2 / 3120, within(1e-15));
    assertThat(RATE.at(1560)).isCloseTo(3.6, within(1e-12));
  }

  @Test
  void rateFallsAlongAHalfCosineToZero() {
    assertThat(RATE.at(3120 + (31200 - 3120) / 2)).isCloseTo(3.6, within(1e-12));
    assertThat(RATE.at(3120 + (31200 - 3120) / 4))
        .isCloseTo(7.2 * 0.5 * (1 + Math.sqrt(0.5)), within(1e-12));
    assertThat(RATE.at(31199)).isBetween(1e-12, 1e-6);
    assertThat(RATE.at(31200)).isZero();
  }

  @Test
  void withoutWarmupTheFirstStepHasThePeak() {
    assertThat(new LearningRate(0.5, 0, 10).at(0)).isEqualTo(0.5);
  }

  @Test
  void runThatEndsWithItsWarmupHasAFiniteRateEverywhere() {
    LearningRate rate = new LearningRate(0.5, 10, 10);
    assertThat(rate.at(9)).isCloseTo(0.45, within(1e-15));
    assertThat(rate.at(10)).isZero();
  }
}
