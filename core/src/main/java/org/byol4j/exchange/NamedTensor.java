package org.byol4j.exchange;

import java.nio.FloatBuffer;
import java.util.List;

/**
 * A float32 tensor on its way to a file.
 *
 * @param name as in torchvision, such as {@code layer1.0.conv1.weight}
 * @param shape row-major, as torch has it: {@code [output, input, height, width]}
 * @param values all values, from the buffer's position to its limit
 */
public record NamedTensor(String name, List<Integer> shape, FloatBuffer values) {

  /**
   * Takes a tensor, not a copy of its values.
   *
   * @throws IllegalArgumentException if there are more or fewer values than the shape says
   */
  public NamedTensor {
    shape = List.copyOf(shape);
    long elements = shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
    if (elements != values.remaining()) {
      throw new IllegalArgumentException(
          "tensor=%s shape=%s has %d values, expected %d"
              .formatted(name, shape, values.remaining(), elements));
    }
  }
}
