package org.byol4j.nn;

import org.byol4j.device.Device;
import org.byol4j.device.LinearMap;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.parameters.Slice.Kind;

/** A linear layer {@code y = x * weight^T (+ bias)} on the rows of a matrix. */
record Linear(String name, int in, int out, boolean hasBias) implements Layer {

  @Override
  public void declare(Declarations declarations) {
    declarations.parameter(name + ".weight", Kind.WEIGHT, out, in);
    if (hasBias) {
      declarations.parameter(name + ".bias", Kind.BIAS, out);
    }
  }

  @Override
  public Traced forward(Planner plan, Slot x) {
    Device device = plan.device();
    NetworkState state = plan.state();
    int rows = Math.toIntExact(x.shape().rows());
    LinearMap map = device.matrixProduct(rows, in, out, state.weight(name + ".weight"));
    Slot y = plan.take(Shape.matrix(rows, out));
    plan.run(() -> map.forward(x.tensor(), y.tensor()));
    if (hasBias) {
      plan.run(() -> device.addBias(state.weight(name + ".bias"), y.tensor()));
    }
    if (!plan.learns()) {
      return new Traced(y, NoWayBack.INSTANCE);
    }
    x.retain();
    return new Traced(y, dy -> backward(plan, map, x, dy.sum(plan)));
  }

  private Gradient backward(Planner plan, LinearMap map, Slot x, Slot dy) {
    Device device = plan.device();
    NetworkState state = plan.state();
    Tensor gradient = state.gradient(name + ".weight");
    plan.run(() -> map.backwardWeights(x.tensor(), dy.tensor(), gradient));
    if (hasBias) {
      plan.run(() -> device.biasGradient(dy.tensor(), state.gradient(name + ".bias")));
    }
    plan.release(x);
    Slot dx = plan.take(x.shape());
    plan.run(() -> map.backwardData(dy.tensor(), dx.tensor()));
    plan.release(dy);
    return Gradient.of(dx);
  }
}
