package org.byol4j.optim;

import org.byol4j.parameters.Slice;

/**
 * SGD and LARS, both with momentum: what is to be done to one tensor, given the norms of its
 * weights and of its gradient. With {@code u = g + weightDecay * p}: {@code m = momentum * m +
 * trust * u; p -= learningRate * m}.
 */
public record Momentum(OptimizerSettings settings) {
  /** What solo-learn adds to the denominator of the trust ratio. */
  private static final double CLIPPED_EPSILON = 1e-8;

  /** The share of the momentum that stays at each step. */
  public double decay() {
    return settings.momentum();
  }

  /** Weight decay spares biases and normalizations, unless the settings include them. */
  public double weightDecay(Slice.Kind kind) {
    return isExcluded(kind) ? 0 : settings.weightDecay();
  }

  /**
   * The layer-wise ratio by which LARS scales {@code u} (You et al. 2017, eq. 6): {@code
   * coefficient * |p| / |u|} as DeepMind's code has it. The clipped variant is solo-learn's: {@code
   * coefficient * |p| / (|g| + weightDecay * |p| + 1e-8)} over the learning rate, at most 1.
   *
   * @param weightSquare the sum of squares of the weights
   * @param gradientSquare the sum of squares of the gradient
   * @param product the sum of products of weights and gradient
   */
  public double trust(
      Slice.Kind kind,
      double weightSquare,
      double gradientSquare,
      double product,
      double learningRate) {
    if (!needsNorms(kind)) {
      return 1;
    }
    double weightNorm = Math.sqrt(weightSquare);
    double decay = settings.weightDecay();
    if (settings.trustClip()) {
      double gradientNorm = Math.sqrt(gradientSquare);
      if (weightNorm == 0 || gradientNorm == 0) {
        return 1;
      }
      double ratio =
          settings.trustCoefficient()
              * weightNorm
              / (gradientNorm + decay * weightNorm + CLIPPED_EPSILON);
      // at a learning rate of 0 the ratio is infinite and the update is nothing either way
      return Math.min(ratio / learningRate, 1);
    }
    double updateNorm =
        Math.sqrt(Math.max(0, gradientSquare + 2 * decay * product + decay * decay * weightSquare));
    return weightNorm > 0 && updateNorm > 0
        ? settings.trustCoefficient() * weightNorm / updateNorm
        : 1;
  }

  /** Whether the coefficients of a tensor depend on its norms. */
  public boolean needsNorms(Slice.Kind kind) {
    return settings.algorithm() == OptimizerSettings.Algorithm.LARS && !isExcluded(kind);
  }

  private boolean isExcluded(Slice.Kind kind) {
    return settings.excludeNormAndBias() && kind.isNormOrBias();
  }
}
