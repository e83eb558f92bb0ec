package org.byol4j.device;

import java.nio.FloatBuffer;
import java.util.random.RandomGenerator;

/** The values of tensors in tests: drawn on their way in, an array on their way out. */
public final class TensorValues {

  private TensorValues() {}

  /** Returns a new tensor of normally distributed values. */
  public static Tensor drawn(Device device, Shape shape, RandomGenerator random) {
    float[] values = new float[Math.toIntExact(shape.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    Tensor tensor = device.allocate(shape);
    device.write(FloatBuffer.wrap(values), tensor);
    return tensor;
  }

  /** Returns a copy of the elements. */
  public static float[] of(Device device, Tensor tensor) {
    FloatBuffer values = FloatBuffer.allocate(Math.toIntExact(tensor.shape().elements()));
    device.read(tensor, values);
    return values.array();
  }
}
