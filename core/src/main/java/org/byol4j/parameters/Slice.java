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
    WEIGHT,
    BIAS,
    NORM_SCALE,
    NORM_SHIFT;

    /** Whether this is a bias or a parameter of a normalization. */
    public boolean isNormOrBias() {
      return this != WEIGHT;
    }
  }

  public Slice {
    shape = List.copyOf(shape);
  }

  public int length() {
    return shape.stream().reduce(1, Math::multiplyExact);
  }

  public long end() {
    return offset + length();
  }
}
