package org.byol4j.nn;

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
          // the gradient with respect to the sum before the ReLU
          Slot dz = dy.maskedSum(plan, y);
          plan.release(y);
          dz.retain();
          Gradient throughMain = branch.backward().plan(sum.backward().plan(Gradient.of(dz)));
          Gradient throughShortcut = residual.backward().plan(Gradient.of(dz));
          return throughMain.plus(throughShortcut);
        });
  }
}
