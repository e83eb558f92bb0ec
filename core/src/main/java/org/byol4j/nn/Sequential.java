package org.byol4j.nn;

import java.util.ArrayList;
import java.util.List;

/** Layers one after the other; none at all is the identity. */
record Sequential(List<Layer> layers) implements Layer {

  Sequential {
    layers = List.copyOf(layers);
  }

  static Sequential of(Layer... layers) {
    return new Sequential(List.of(layers));
  }

  @Override
  public void declare(Declarations declarations) {
    layers.forEach(layer -> layer.declare(declarations));
  }

  @Override
  public Traced forward(Planner plan, Slot x) {
    List<Backward> waysBack = new ArrayList<>();
    Slot current = x;
    current.retain();
    for (Layer layer : layers) {
      Traced traced = layer.forward(plan, current);
      plan.release(current);
      current = traced.output();
      waysBack.add(0, traced.backward());
    }
    return new Traced(current, dy -> backward(waysBack, dy));
  }

  private static Gradient backward(List<Backward> waysBack, Gradient dy) {
    Gradient gradient = dy;
    for (Backward wayBack : waysBack) {
      gradient = wayBack.plan(gradient);
    }
    return gradient;
  }
}
