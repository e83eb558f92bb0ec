package org.byol4j.nn;

import java.util.ArrayList;
import java.util.List;
import org.byol4j.device.Device;
import org.byol4j.device.LinearMap;
import org.byol4j.device.Shape;

/**
 * The gradient with respect to a tensor as a sum that is not yet taken: one part behind most
 * layers, two behind a residual block, none behind the first layer. Whoever takes a gradient owns
 * its parts.
 *
 * @param addends parts that are there
 * @param products parts that are yet to be made, so that a device may do it and what follows at
 *     once
 */
record Gradient(List<Slot> addends, List<Product> products) {

  Gradient {
    addends = List.copyOf(addends);
    products = List.copyOf(products);
  }

  /**
   * The gradient with respect to the input of {@code map}.
   *
   * @param dy the gradient with respect to its output
   * @param shape of the input
   */
  record Product(LinearMap map, Slot dy, Shape shape) {

    private Slot made(Planner plan) {
      Slot dx = plan.take(shape);
      plan.run(() -> map.backwardData(dy.tensor(), dx.tensor()));
      plan.release(dy);
      return dx;
    }
  }

  static Gradient none() {
    return new Gradient(List.of(), List.of());
  }

  static Gradient of(Slot gradient) {
    return new Gradient(List.of(gradient), List.of());
  }

  static Gradient of(Product product) {
    return new Gradient(List.of(), List.of(product));
  }

  /** The sum with another gradient, which belongs to this one from now on. */
  Gradient plus(Gradient other) {
    return new Gradient(joined(addends, other.addends), joined(products, other.products));
  }

  private static <T> List<T> joined(List<T> first, List<T> second) {
    List<T> all = new ArrayList<>(first);
    all.addAll(second);
    return all;
  }

  /** Adds up and returns the one tensor that is left. */
  Slot sum(Planner plan) {
    List<Slot> all = new ArrayList<>();
    products.forEach(product -> all.add(product.made(plan)));
    all.addAll(addends);
    Slot sum = all.get(0);
    for (Slot addend : all.subList(1, all.size())) {
      Device device = plan.device();
      plan.run(() -> device.add(sum.tensor(), addend.tensor(), sum.tensor()));
      plan.release(addend);
    }
    return sum;
  }

  /** The sum where {@code y > 0}, else 0; in a tensor of its own. */
  Slot maskedSum(Planner plan, Slot y) {
    Device device = plan.device();
    if (products.isEmpty() || products.size() + addends.size() == 1) {
      Slot dz = sum(plan);
      plan.run(() -> device.reluBackward(dz.tensor(), y.tensor(), dz.tensor()));
      return dz;
    }
    // of two that of the shortcut, whose kernel of 1x1 takes tensors as they lie in every padding
    int last = products.size() - 1;
    Product product = products.get(last);
    Slot rest = new Gradient(addends, products.subList(0, last)).sum(plan);
    Slot dz = plan.take(product.shape());
    plan.run(
        () ->
            device.addReluBackward(
                product.map(), product.dy().tensor(), rest.tensor(), y.tensor(), dz.tensor()));
    plan.release(product.dy());
    plan.release(rest);
    return dz;
  }
}
