package org.byol4j.nn;

/**
 * The encoder and its heads ({@code network.*} and {@code heads.*}).
 *
 * @param backbone which ResNet
 * @param width what the channels of each group and of the stem are multiplied by
 * @param stem what comes before the first group
 * @param padding where a strided window is padded
 * @param init how weights are drawn
 * @param lastGamma the initial scale of the last batch normalization of each block
 * @param runningVariance whether running variances are divided by N or by N - 1
 * @param runningDecay how much of a running average stays at each update
 * @param epsilon what is added to a variance before its root is taken
 * @param predictor whether the online network has a predictor
 * @param hidden the width of the heads' hidden layer
 * @param output the width of projections and predictions
 * @param headBias which linear layers of a head have a bias
 */
public record NetworkSettings(
    Backbone backbone,
    double width,
    Stem stem,
    PaddingStyle padding,
    Init init,
    LastGamma lastGamma,
    RunningVariance runningVariance,
    double runningDecay,
    double epsilon,
    Predictor predictor,
    int hidden,
    int output,
    HeadBias headBias) {

  /** The number of features that the backbone gives for an image. */
  public int features() {
    return ResNet.features(this);
  }

  /** The residual networks of He et al. 2015, table 1, and ResNet-200 of He et al. 2016. */
  public enum Backbone {
    RESNET18,
    RESNET34,
    RESNET50,
    RESNET101,
    RESNET152,
    RESNET200
  }

  /** {@code IMAGENET}: 7x7 stride 2 and max-pool; {@code CIFAR}: 3x3 stride 1. */
  public enum Stem {
    IMAGENET,
    CIFAR
  }

  /** {@code SAME} as TensorFlow, the larger share at the end; {@code TORCH} symmetric. */
  public enum PaddingStyle {
    SAME,
    TORCH
  }

  /**
   * {@code DEEPMIND}: truncated normal with deviation {@code 1 / sqrt(fan_in)}, biases 0. {@code
   * TORCH}: convolutions Kaiming normal by fan_out, linear layers and their biases uniform in
   * {@code ±1 / sqrt(fan_in)}.
   */
  public enum Init {
    DEEPMIND,
    TORCH
  }

  /** Initial scale of each block's last normalization. */
  public enum LastGamma {
    /** 1, as Grill et al. 2020. */
    ONE,
    /** 0: each block begins as its shortcut. */
    ZERO,
    /** 0 in bottleneck blocks and 1 in basic ones, as DeepMind's released code. */
    ZERO_IN_BOTTLENECKS
  }

  /** {@code BIASED} divides by N as haiku, {@code UNBIASED} by N - 1 as torch. */
  public enum RunningVariance {
    BIASED,
    UNBIASED
  }

  /**
   * {@code MLP}: linear, batch normalization, ReLU, linear (Grill et al. 2020, section 3.2). {@code
   * NONE} leaves the predictor out: an experiment that collapses.
   */
  public enum Predictor {
    MLP,
    NONE
  }

  /** Which of a head's two linear layers have a bias. */
  public enum HeadBias {
    FIRST,
    LAST,
    BOTH,
    NONE
  }
}
