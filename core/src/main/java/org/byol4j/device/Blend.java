package org.byol4j.device;

/** {@code y = alpha * x + beta * y}, bound to its tensors, with factors that differ each time. */
@FunctionalInterface
public interface Blend {
  /**
   * Does it once, on the thread that drives the device.
   *
   * @param alpha the factor of {@code x}
   * @param beta the factor of what {@code y} was; 0 overwrites it, whatever it was
   */
  void run(double alpha, double beta);
}
