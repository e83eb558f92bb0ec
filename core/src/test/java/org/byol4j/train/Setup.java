package org.byol4j.train;

import org.byol4j.nn.NetworkSettings;
import org.byol4j.nn.NetworkSettings.Backbone;
import org.byol4j.nn.NetworkSettings.HeadBias;
import org.byol4j.nn.NetworkSettings.Init;
import org.byol4j.nn.NetworkSettings.LastGamma;
import org.byol4j.nn.NetworkSettings.PaddingStyle;
import org.byol4j.nn.NetworkSettings.Predictor;
import org.byol4j.nn.NetworkSettings.RunningVariance;
import org.byol4j.nn.NetworkSettings.Stem;
import org.byol4j.optim.OptimizerSettings;
import org.byol4j.optim.OptimizerSettings.Algorithm;
import org.byol4j.optim.TargetSettings;
import org.byol4j.optim.TargetSettings.Schedule;
import org.byol4j.optim.TargetSettings.Update;

/** A tiny run of BYOL: whole networks, narrow enough for float64 in plain Java. */
record Setup(
    NetworkSettings network,
    OptimizerSettings optimizer,
    TargetSettings target,
    TrainSettings train,
    int imageSize,
    int steps) {

  static final int BATCH = 8;

  /**
   * Larger than in earnest: four channels and eight rows make variances so small that a network
   * with 1e-5 turns the last bit of a weight into another course within 20 steps.
   */
  private static final double EPSILON = 0.1;

  static Setup of(Backbone backbone, Stem stem, PaddingStyle padding, int imageSize) {
    return new Setup(
        new NetworkSettings(
            backbone,
            1.0 / 16,
            stem,
            padding,
            Init.DEEPMIND,
            LastGamma.ONE,
            RunningVariance.UNBIASED,
            0.9,
            EPSILON,
            Predictor.MLP,
            16,
            8,
            HeadBias.BOTH),
        new OptimizerSettings(Algorithm.LARS, 0.02, BATCH, 0, 0.9, 1e-4, true, 0.1, false),
        new TargetSettings(0.9, Schedule.COSINE, Update.AFTER_STEP),
        new TrainSettings(1, BATCH, 1, 5, 1, 1),
        imageSize,
        20);
  }

  /** ResNet-18 with the CIFAR stem on images of 8x8. */
  static Setup small() {
    return of(Backbone.RESNET18, Stem.CIFAR, PaddingStyle.SAME, 8);
  }

  /** Residual branches start closed, which leaves few ReLUs near the point where they turn. */
  Setup withClosedBranches() {
    return withNetwork(LastGamma.ZERO, network.predictor(), network.hidden());
  }

  /** Heads of so many hidden units. */
  Setup withHidden(int units) {
    return withNetwork(network.lastGamma(), network.predictor(), units);
  }

  Setup withoutPredictor() {
    return withNetwork(network.lastGamma(), Predictor.NONE, network.hidden());
  }

  private Setup withNetwork(LastGamma lastGamma, Predictor predictor, int hidden) {
    NetworkSettings changed =
        new NetworkSettings(
            network.backbone(),
            network.width(),
            network.stem(),
            network.padding(),
            network.init(),
            lastGamma,
            network.runningVariance(),
            network.runningDecay(),
            network.epsilon(),
            predictor,
            hidden,
            network.output(),
            network.headBias());
    return new Setup(changed, optimizer, target, train, imageSize, steps);
  }

  Setup withLearningRate(double base) {
    OptimizerSettings settings =
        new OptimizerSettings(Algorithm.SGD, base, BATCH, 0, 0.9, 1e-4, true, 1e-2, false);
    return new Setup(network, settings, target, train, imageSize, steps);
  }

  Setup withTarget(double baseDecay, Update update) {
    TargetSettings settings = new TargetSettings(baseDecay, Schedule.CONSTANT, update);
    return new Setup(network, optimizer, settings, train, imageSize, steps);
  }

  Setup withTrain(TrainSettings other) {
    return new Setup(network, optimizer, target, other, imageSize, steps);
  }

  Setup withBatch(int batchSize, int microBatches, double lossScale) {
    TrainSettings settings = new TrainSettings(1, batchSize, microBatches, 5, lossScale, 1);
    return new Setup(network, optimizer, target, settings, imageSize, steps);
  }
}
