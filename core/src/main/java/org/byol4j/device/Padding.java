package org.byol4j.device;

/**
 * Zero padding of one spatial axis: how many positions before the first pixel and after the last.
 */
public record Padding(int before, int after) {

  public Padding {
    if (before < 0 || after < 0) {
      throw new IllegalArgumentException(
          "negative padding: before=%d after=%d".formatted(before, after));
    }
  }

  public static Padding both(int size) {
    return new Padding(size, size);
  }

  /**
   * The padding that makes the output {@code ceil(size / stride)} long, the larger share at the
   * end, as TensorFlow's {@code SAME} does.
   */
  public static Padding same(int size, int kernel, int stride) {
    int output = (size + stride - 1) / stride;
    int total = Math.max(0, (output - 1) * stride + kernel - size);
    return new Padding(total / 2, total - total / 2);
  }
}
