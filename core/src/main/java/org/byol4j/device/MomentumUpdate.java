package org.byol4j.device;

/**
 * The coefficients of one momentum step on a range: {@code m = momentum * m + trust * (g +
 * weightDecay * p); p -= learningRate * m}.
 *
 * @param trust the layer-wise ratio of LARS, 1 where it does not apply
 */
public record MomentumUpdate(
    double momentum, double trust, double weightDecay, double learningRate) {}
