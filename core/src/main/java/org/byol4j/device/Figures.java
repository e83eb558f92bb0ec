package org.byol4j.device;

/** Numbers in double that an operation leaves on its device each time it runs. */
public interface Figures {

  /** How many. */
  int length();

  /** Copies them to {@code to[at]} and on; waits for the device, where it runs by itself. */
  void read(double[] to, int at);
}
