package org.byol4j.nn;

import org.byol4j.device.LinearMap;
import org.byol4j.device.Padding;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.Window;
import org.byol4j.parameters.Slice.Kind;

/**
 * A 2-d convolution without bias.
 *
 * @param first whether it stands on the images, which need no gradient
 */
record Convolution(
    String name,
    int in,
    int out,
    int kernel,
    int stride,
    NetworkSettings.PaddingStyle padding,
    boolean first)
    implements Layer {

  @Override
  public void declare(Declarations declarations) {
    declarations.parameter(name + ".weight", Kind.WEIGHT, out, in, kernel, kernel);
  }

  @Override
  public Traced forward(Planner plan, Slot x) {
    Shape input = x.shape();
    Window window = window(input, kernel, stride, padding);
    Tensor weights = plan.state().weight(name + ".weight");
    LinearMap map = plan.device().convolution(input, window.output(input, out), window, weights);
    Slot y = plan.take(window.output(input, out));
    plan.run(() -> map.forward(x.tensor(), y.tensor()));
    if (!plan.learns()) {
      return new Traced(y, NoWayBack.INSTANCE);
    }
    x.retain();
    Tensor gradient = plan.state().gradient(name + ".weight");
    return new Traced(y, dy -> backward(plan, map, x, dy.sum(plan), gradient));
  }

  private Gradient backward(Planner plan, LinearMap map, Slot x, Slot dy, Tensor gradient) {
    plan.run(() -> map.backwardWeights(x.tensor(), dy.tensor(), gradient));
    plan.release(x);
    if (first) {
      plan.release(dy);
      return Gradient.none();
    }
    return Gradient.of(new Gradient.Product(map, dy, x.shape()));
  }

  /** The window over an input: TensorFlow's SAME, or torch's {@code padding = kernel / 2}. */
  static Window window(Shape input, int kernel, int stride, NetworkSettings.PaddingStyle padding) {
    return switch (padding) {
      case SAME ->
          new Window(
              kernel,
              stride,
              Padding.same(input.height(), kernel, stride),
              Padding.same(input.width(), kernel, stride));
      case TORCH -> new Window(kernel, stride, Padding.both(kernel / 2), Padding.both(kernel / 2));
    };
  }
}
