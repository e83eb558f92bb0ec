package org.byol4j.optim;

/**
 * The optimizer ({@code optimizer.*}).
 *
 * @param algorithm LARS or SGD, both with momentum
 * @param baseLearningRate the peak learning rate for a batch of {@code referenceBatch}
 * @param referenceBatch the batch size that the base learning rate is meant for
 * @param warmupEpochs over how many epochs the learning rate rises from 0
 * @param momentum the decay of the momentum
 * @param weightDecay the factor of the weights that is added to their gradients
 * @param excludeNormAndBias whether biases and normalization parameters go without weight decay and
 *     without LARS's ratio
 * @param trustCoefficient LARS: the factor of the ratio of norms
 * @param trustClip LARS: whether the ratio, divided by the learning rate, is at most 1
 */
public record OptimizerSettings(
    Algorithm algorithm,
    double baseLearningRate,
    int referenceBatch,
    double warmupEpochs,
    double momentum,
    double weightDecay,
    boolean excludeNormAndBias,
    double trustCoefficient,
    boolean trustClip) {

  /** {@code LARS}: You et al. 2017; {@code SGD}: plain momentum. */
  public enum Algorithm {
    LARS,
    SGD
  }
}
