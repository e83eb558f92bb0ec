package org.byol4j.device;

/**
 * Figures as they were at a time: running it takes them down, between the operations before and
 * after it, and nobody waits for that. Whoever reads waits; when somebody has waited since, reading
 * costs nothing, so that many reports need one wait.
 */
public interface Report extends Op {

  /** How many numbers. */
  int length();

  /** Copies what the last run took down, figures after figures in the order they were given in. */
  void read(double[] to);
}
