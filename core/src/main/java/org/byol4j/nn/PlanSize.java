package org.byol4j.nn;

import org.byol4j.collective.Collective;
import org.byol4j.device.Shape;

/**
 * How much a step takes, known without taking it.
 *
 * @param activations elements of all activations and their gradients that are alive at a time
 * @param parameters elements of both networks' weights and of the online network's gradients
 */
public record PlanSize(long activations, long parameters) {

  /**
   * The size of a {@link ByolPlan} and of the states that it works on.
   *
   * @param input the shape of one view of a replica's images, {@code [batch, size, size, 3]}
   */
  public static PlanSize of(Architecture architecture, Shape input) {
    ShapesOnly device = new ShapesOnly();
    Planner plan = new Planner(device, Collective.single());
    try (NetworkState online = architecture.newOnlineState(device);
        NetworkState target = architecture.newTargetState(device)) {
      ByolPlan.lay(plan, architecture, online, target, input);
    }
    return new PlanSize(plan.elements(), device.elements());
  }
}
