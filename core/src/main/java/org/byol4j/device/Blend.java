package org.byol4j.device;

/** {@code y = alpha * x + beta * y}, bound to its tensors, with factors that differ each time. */
@FunctionalInterface
public interface Blend {
  void run(double alpha, double beta);
}
