package org.byol4j.nn;

import java.util.List;
import org.byol4j.device.Device;

/**
 * The gradient with respect to a tensor as a sum of tensors that are not yet added up: two behind a
 * residual block, none behind the first layer. Whoever takes a gradient owns its tensors.
 */
record Gradient(List<Slot> addends) {

  Gradient {
    addends = List.copyOf(addends);
  }

  static Gradient none() {
    return new Gradient(List.of());
  }

  static Gradient of(Slot gradient) {
    return new Gradient(List.of(gradient));
  }

  /** Adds up, in place of the first addend, and returns the one tensor that is left. */
  Slot sum(Planner plan) {
    Slot sum = addends.get(0);
    for (Slot addend : addends.subList(1, addends.size())) {
      Device device = plan.device();
      plan.run(() -> device.add(sum.tensor(), addend.tensor(), sum.tensor()));
      plan.release(addend);
    }
    return sum;
  }
}
