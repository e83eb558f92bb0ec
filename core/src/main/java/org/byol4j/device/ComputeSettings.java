package org.byol4j.device;

/**
 * Where and how a replica computes ({@code compute.*}).
 *
 * @param device the device's name
 * @param precision the element type of activations; {@code fp32}
 * @param threads how many threads a replica computes with, at least 1
 * @param convolution which algorithms a convolution may use
 */
public record ComputeSettings(
    String device, String precision, int threads, Convolution convolution) {

  /** Which algorithms a convolution may use. */
  public enum Convolution {
    /** The fastest for its shape; Winograd's, where that is it, rounds more. */
    AUTO,
    /** The sum of products as it is defined, in every convolution. */
    DIRECT
  }
}
