package org.byol4j.nn;

import java.util.function.Supplier;
import org.byol4j.device.BatchNorm;
import org.byol4j.device.Device;
import org.byol4j.device.Tensor;
import org.byol4j.parameters.Slice.Kind;

/**
 * Cross-replica batch normalization (Ioffe and Szegedy 2015) of the rows of a tensor, per channel.
 *
 * @param relu whether a ReLU follows
 */
record BatchNormalization(String name, int channels, boolean relu, NetworkSettings settings)
    implements Layer {

  @Override
  public void declare(Declarations declarations) {
    declarations.parameter(name + ".weight", Kind.NORM_SCALE, channels);
    declarations.parameter(name + ".bias", Kind.NORM_SHIFT, channels);
    declarations.runningStatistics(name, channels);
  }

  /** Binds a device's normalization to the tensors of a plan. */
  private interface Binder {
    BatchNorm bind(Device device, Tensor scale, Tensor shift, Tensor y);
  }

  @Override
  public Traced forward(Planner plan, Slot x) {
    BatchNorm.Form form = relu ? BatchNorm.Form.RELU : BatchNorm.Form.PLAIN;
    double epsilon = settings.epsilon();
    return planned(
        plan,
        x,
        (device, scale, shift, y) -> device.batchNorm(form, x.tensor(), scale, shift, epsilon, y));
  }

  /**
   * Plans this normalization, the sum with {@code residual} and a ReLU in one. The gradient that
   * its way back takes is the one with respect to the sum, behind the ReLU's mask.
   */
  Traced forwardAddRelu(Planner plan, Slot x, Slot residual) {
    double epsilon = settings.epsilon();
    return planned(
        plan,
        x,
        (device, scale, shift, y) ->
            device.batchNormAddRelu(x.tensor(), scale, shift, epsilon, residual.tensor(), y));
  }

  private Traced planned(Planner plan, Slot x, Binder binder) {
    Slot y = plan.take(x.shape());
    NetworkState state = plan.state();
    Device device = plan.device();
    Tensor scale = state.weight(name + ".weight");
    Tensor shift = state.weight(name + ".bias");
    Supplier<BatchNorm> norm = Once.of(() -> binder.bind(device, scale, shift, y.tensor()));
    Supplier<Normalization> normalization =
        Once.of(
            () ->
                new Normalization(
                    norm.get(),
                    plan.collective(),
                    state.statistics(name),
                    settings,
                    x.shape().rows(),
                    channels));
    if (plan.mode() == Planner.Mode.EVALUATE) {
      plan.run(() -> normalization.get()::evaluate);
      return new Traced(y, NoWayBack.INSTANCE);
    }
    plan.run(() -> normalization.get()::forward);
    plan.average(normalization);
    if (!plan.learns()) {
      return new Traced(y, NoWayBack.INSTANCE);
    }
    x.retain();
    return new Traced(
        y, gradient -> backward(plan, state, x, gradient.sum(plan), norm, normalization));
  }

  private Gradient backward(
      Planner plan,
      NetworkState state,
      Slot x,
      Slot dy,
      Supplier<BatchNorm> norm,
      Supplier<Normalization> normalization) {
    // in place where nobody else holds dy; a shortcut still needs it
    Slot dx = dy.isShared() ? plan.take(x.shape()) : dy;
    Tensor scaleGradient = state.gradient(name + ".weight");
    Tensor shiftGradient = state.gradient(name + ".bias");
    plan.run(
        () ->
            normalization
                .get()
                .backward(
                    norm.get().backward(dy.tensor(), dx.tensor(), scaleGradient, shiftGradient)));
    plan.release(x);
    if (dx != dy) {
      plan.release(dy);
    }
    return Gradient.of(dx);
  }
}
