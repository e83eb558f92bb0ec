package org.byol4j.train;

import org.byol4j.collective.Collective;
import org.byol4j.device.Device;
import org.byol4j.nn.ByolPlan;
import org.byol4j.nn.NetworkState;
import org.byol4j.nn.View;
import org.byol4j.optim.LearningRate;
import org.byol4j.optim.TargetDecay;
import org.byol4j.optim.TargetSettings;
import org.byol4j.paramserver.NotFiniteException;
import org.byol4j.paramserver.ParameterServer;

/** One training step of BYOL (Grill et al. 2020, algorithm 1), from two views to new weights. */
public final class ByolStep {
  private final Device device;
  private final Collective collective;
  private final ByolPlan networks;
  private final NetworkState online;
  private final ParameterServer server;
  private final LearningRate learningRate;
  private final TargetDecay targetDecay;
  private final TargetSettings.Update targetUpdate;
  private final TrainSettings settings;
  private final StepTimes times;
  private final double[] lossSum = new double[1];

  ByolStep(
      Device device,
      Collective collective,
      ByolPlan networks,
      NetworkState online,
      ParameterServer server,
      LearningRate learningRate,
      TargetDecay targetDecay,
      TargetSettings.Update targetUpdate,
      TrainSettings settings,
      StepTimes times) {
    this.device = device;
    this.collective = collective;
    this.networks = networks;
    this.online = online;
    this.server = server;
    this.learningRate = learningRate;
    this.targetDecay = targetDecay;
    this.targetUpdate = targetUpdate;
    this.settings = settings;
    this.times = times;
  }

  /**
   * Runs a step and returns its loss: the mean over the whole batch, summed over the two views,
   * times the loss's scale.
   *
   * @param step the number of optimizer steps before this one
   * @param batches gives the views of this replica's rows, {@code microBatches} times
   * @throws NotFiniteException on every replica if the loss or a gradient is not finite; no weight
   *     has changed then
   */
  public double run(long step, MicroBatches batches) {
    times.beginStep();
    if (targetUpdate == TargetSettings.Update.BEFORE_FORWARD) {
      server.moveTarget(targetDecay.at(step));
    }

    // Gradients are divided by the whole batch at the loss; from there on they are only summed.
    device.fill(0, online.gradients());
    for (int part = 0; part < settings.microBatches(); part++) {
      batches.next();
      // Each view predicts the other's projection. A view goes forward and backward before the
      // other one starts: the loss is a sum over views, so gradients add up and one view's
      // activations are alive at a time.
      learn(batches.view1(), batches.view2());
      learn(batches.view2(), batches.view1());
    }
    server.takeGradients(); // their norms and the losses come to the host with one wait
    double loss = meanOverReplicas(networks.takeLosses(), step);

    server.step(step, learningRate.at(step), emaAfterStep(step));
    return loss;
  }

  private void learn(View view, View other) {
    times.beginView();
    networks.online(view); // new target weights may still be arriving
    server.awaitTarget();
    networks.target(other); // no gradient; batch statistics across replicas
    networks.compare();
    times.endForward();
    networks.backward();
    times.endBackward();
  }

  /** A decay of 1 leaves the target where it is. */
  private double emaAfterStep(long step) {
    return targetUpdate == TargetSettings.Update.AFTER_STEP ? targetDecay.at(step) : 1;
  }

  private double meanOverReplicas(double sum, long step) {
    lossSum[0] = sum;
    collective.allReduceSum(lossSum);
    double loss = settings.lossScale() * lossSum[0] / settings.batchSize();
    if (!Double.isFinite(loss)) {
      throw NotFiniteException.of("loss", loss, step);
    }
    return loss;
  }
}
