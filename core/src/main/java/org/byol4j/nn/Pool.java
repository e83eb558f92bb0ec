package org.byol4j.nn;

import java.util.function.Supplier;
import org.byol4j.device.Device;
import org.byol4j.device.Pooling;
import org.byol4j.device.Shape;
import org.byol4j.device.Window;

/** The poolings of a residual network. */
enum Pool implements Layer {
  /** 3x3 stride 2, SAME padding. */
  MAX_SAME,
  /** 3x3 stride 2, padding 1 on all sides. */
  MAX_TORCH,
  /** The mean over height and width. */
  GLOBAL_AVERAGE;

  @Override
  public void declare(Declarations declarations) {}

  @Override
  public Traced forward(Planner plan, Slot x) {
    Slot y = plan.take(output(x.shape()));
    Supplier<Pooling> pooling = Once.of(() -> bind(plan.device(), x, y));
    plan.run(() -> pooling.get().forward());
    if (!plan.learns()) {
      return new Traced(y, NoWayBack.INSTANCE);
    }
    // the pooling itself remembers where the maxima were: neither x nor y has to stay
    return new Traced(
        y,
        gradient -> {
          Slot dy = gradient.sum(plan);
          Slot dx = plan.take(x.shape());
          plan.run(() -> pooling.get().backward(dy.tensor(), dx.tensor()));
          plan.release(dy);
          return Gradient.of(dx);
        });
  }

  private Shape output(Shape input) {
    return this == GLOBAL_AVERAGE
        ? Shape.matrix(input.batch(), input.channels())
        : window(input).output(input, input.channels());
  }

  private Pooling bind(Device device, Slot x, Slot y) {
    return this == GLOBAL_AVERAGE
        ? device.averagePool(x.tensor(), y.tensor())
        : device.maxPool(window(x.shape()), x.tensor(), y.tensor());
  }

  private Window window(Shape input) {
    return Convolution.window(
        input,
        3,
        2,
        this == MAX_SAME ? NetworkSettings.PaddingStyle.SAME : NetworkSettings.PaddingStyle.TORCH);
  }
}
