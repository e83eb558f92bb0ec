package org.byol4j.device;

/**
 * Where and how a replica computes ({@code compute.*}).
 *
 * @param device the device's name
 * @param precision how activations are kept and products taken; {@code fp32}, {@code tf32} or
 *     {@code bf16}
 * @param threads how many threads a replica computes with, at least 1
 * @param convolution which algorithms a convolution may use
 * @param graphs whether a GPU records a step and starts it at once; means nothing elsewhere
 */
public record ComputeSettings(
    String device, String precision, int threads, Convolution convolution, Graphs graphs) {

  /** How the operations of a step get to a GPU. */
  public enum Graphs {
    /** Recorded as a CUDA graph where the same comes again, and started at once. */
    AUTO,
    /** One by one. */
    OFF
  }

  /** Which algorithms a convolution may use. */
  public enum Convolution {
    /** The fastest for its shape; Winograd's, where that is it, rounds more. */
    AUTO,
    /** The sum of products as it is defined, in every convolution. */
    DIRECT
  }
}
