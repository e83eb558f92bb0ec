package org.byol4j.device;

/**
 * Zero padding of one spatial axis: how many positions before the first pixel and after the last.
 */
public record Padding(int before, int after) {

  /**
   * Takes a padding, in pixels.
   *
   * @throws IllegalArgumentException if {@code before} or {@code after} is below 0
   */
  public Padding {
    if (before < 0 || after < 0) {
      throw new IllegalArgumentException(
          "negative padding: before=%d after=%d".formatted(before, after));
    }
  }

  /**
   * The padding of {@code size} pixels on either side, as torch has it.
   *
   * @throws IllegalArgumentException if {@code size} is below 0
   */
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
