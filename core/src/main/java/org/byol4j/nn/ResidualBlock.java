package org.byol4j.nn;

import java.util.List;
import org.byol4j.device.Device;

/**
 * A residual block {@code y = relu(norm(main(x)) + shortcut(x))} (He et al. 2015), basic or
 * bottleneck.
 *
 * @param main the residual branch without its last normalization
 * @param norm the residual branch's last normalization
 * @param shortcut the identity, or a projection
 */
record ResidualBlock(Sequential main, BatchNormalization norm, Sequential shortcut)
    implements Layer {

  @Override
  public void declare(Declarations declarations) {
    main.declare(declarations);
    norm.declare(declarations);
    shortcut.declare(declarations);
  }

  @Override
  public Traced forward(Planner plan, Slot x) {
    Traced residual = shortcut.forward(plan, x);
    Traced branch = main.forward(plan, x);
    Traced sum = norm.forwardAddRelu(plan, branch.output(), residual.output());
    plan.release(branch.output());
    plan.release(residual.output());
    if (!plan.learns()) {
      return new Traced(sum.output(), NoWayBack.INSTANCE);
    }
    Slot y = sum.output();
    y.retain();
    return new Traced(
        y,
        dy -> {
          Slot dz = maskedSum(plan, dy, y);
          plan.release(y);
          dz.retain();
          Gradient throughMain = branch.backward().plan(sum.backward().plan(Gradient.of(dz)));
          Gradient throughShortcut = residual.backward().plan(Gradient.of(dz));
          return new Gradient(List.of(throughMain.sum(plan), throughShortcut.sum(plan)));
        });
  }

  /** The gradient with respect to the sum before the ReLU: dy where y > 0. */
  private static Slot maskedSum(Planner plan, Gradient dy, Slot y) {
    Device device = plan.device();
    if (dy.addends().size() != 2) {
      Slot dz = dy.sum(plan);
      plan.run(() -> device.reluBackward(dz.tensor(), y.tensor(), dz.tensor()));
      return dz;
    }
    Slot dz = dy.addends().get(0);
    Slot other = dy.addends().get(1);
    plan.run(() -> device.addReluBackward(dz.tensor(), other.tensor(), y.tensor(), dz.tensor()));
    plan.release(other);
    return dz;
  }
}
