package org.byol4j.checkpoint;

/**
 * Where the running statistics of one normalization lie in a {@code batchnorm-*} section: {@code
 * channels} means, then as many variances.
 *
 * @param name the layer's name, as in torchvision's ResNet
 * @param channels how many channels it normalizes, at least 1
 * @param offset the index of the first mean
 */
public record Normalization(String name, int channels, long offset) {

  /** The index behind the last variance. */
  public long end() {
    return offset + 2L * channels;
  }
}
