package org.byol4j.paramserver;

import org.byol4j.optim.OptimizerSettings;
import org.byol4j.optim.OptimizerSettings.Algorithm;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;

/**
 * What the parameter server computes, written down once more for one replica: You et al. 2017 as
 * DeepMind has it, then Grill et al. 2020, eq. 1.
 */
final class PlainServer {
  private final ParameterTable table;
  private final OptimizerSettings settings;
  final double[] weights;
  final double[] momentum;
  final double[] target;

  PlainServer(ParameterTable table, OptimizerSettings settings, double[] weights, double[] target) {
    this.table = table;
    this.settings = settings;
    this.weights = weights.clone();
    this.momentum = new double[weights.length];
    this.target = target.clone();
  }

  void step(double[] gradients, double rate, double decay) {
    for (Slice slice : table.slices()) {
      int from = (int) slice.offset();
      int to = (int) slice.end();
      double weightDecay = slice.kind().isNormOrBias() ? 0 : settings.weightDecay();
      double weightSquare = 0;
      double updateSquare = 0;
      for (int i = from; i < to; i++) {
        double update = gradients[i] + weightDecay * weights[i];
        weightSquare += weights[i] * weights[i];
        updateSquare += update * update;
      }
      boolean scaled = settings.algorithm() == Algorithm.LARS && !slice.kind().isNormOrBias();
      double trust =
          scaled && weightSquare > 0 && updateSquare > 0
              ? settings.trustCoefficient() * Math.sqrt(weightSquare) / Math.sqrt(updateSquare)
              : 1;
      for (int i = from; i < to; i++) {
        double update = trust * (gradients[i] + weightDecay * weights[i]);
        momentum[i] = settings.momentum() * momentum[i] + update;
        weights[i] -= rate * momentum[i];
      }
    }
    for (int i = 0; i < target.length; i++) {
      target[i] = decay * target[i] + (1 - decay) * weights[i];
    }
  }
}
