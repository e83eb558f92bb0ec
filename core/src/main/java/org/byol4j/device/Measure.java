package org.byol4j.device;

/** An operation whose result is numbers for the host. */
public interface Measure extends Op, Figures {

  /** The first number of the last run; waits for the device, where it runs by itself. */
  default double value() {
    double[] values = new double[length()];
    read(values, 0);
    return values[0];
  }
}
