package org.byol4j.device;

/** One momentum step over several ranges of weights, bound to them; see {@link Device#update}. */
@FunctionalInterface
public interface MomentumStep {

  /**
   * One range.
   *
   * @param momentum as many elements as {@code gradients} and {@code weights}
   */
  record Range(Tensor gradients, Tensor momentum, Tensor weights) {}

  /**
   * Does for each range what {@link Device#update} does for one.
   *
   * @param trust the layer-wise ratio of each range
   * @param weightDecay that of each range
   */
  void run(double momentumDecay, double[] trust, double[] weightDecay, double learningRate);
}
