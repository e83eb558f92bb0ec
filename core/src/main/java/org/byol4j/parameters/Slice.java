package org.byol4j.parameters;

import java.util.List;

/**
 * A named range of a network's flat parameter buffer.
 *
 * @param name as in torchvision's ResNet, such as {@code backbone.layer1.0.conv1.weight}
 * @param kind what the optimizer must know of it
 * @param shape row-major, as torch has it: {@code [output, input, height, width]}
 * @param offset the first element's index in the flat buffer
 */
public record Slice(String name, Kind kind, List<Integer> shape, long offset) {

  /** What a parameter is to the optimizer. */
  public enum Kind {
    /** Of a convolution or a linear layer. */
    WEIGHT,
    /** Of a linear layer. */
    BIAS,
    /** The gamma of a batch normalization. */
    NORM_SCALE,
    /** The beta of a batch normalization. */
    NORM_SHIFT;

    /** Whether this is a bias or a parameter of a normalization. */
    public boolean isNormOrBias() {
      return this != WEIGHT;
    }
  }

  public Slice {
    shape = List.copyOf(shape);
  }

  /**
   * The number of elements, the product of the shape.
   *
   * @throws ArithmeticException if there are more than an {@code int} can count
   */
  public int length() {
    return shape.stream().reduce(1, Math::multiplyExact);
  }

  /** The index behind the last element in the flat buffer. */
  public long end() {
    return offset + length();
  }
}
