package org.byol4j.nn;

/**
 * Where the running mean and, behind it, the running variance of a normalization lie in a network's
 * flat running state.
 *
 * @param name the normalization's name, such as {@code backbone.bn1}
 * @param channels how many means and how many variances
 * @param offset the first mean's index
 */
public record RunningRange(String name, int channels, int offset) {

  /** The index behind the last variance. */
  public int end() {
    return offset + 2 * channels;
  }
}
