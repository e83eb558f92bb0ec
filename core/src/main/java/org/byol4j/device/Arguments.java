package org.byol4j.device;

import java.nio.FloatBuffer;

/** What every device asks of its arguments, so that all refuse them in the same words. */
public final class Arguments {

  private Arguments() {}

  /**
   * Checks what a device of float32 is told.
   *
   * @throws IllegalArgumentException if {@code settings} ask {@code device} for another element
   *     type than float32, or for no threads
   */
  public static void requireFloat32(ComputeSettings settings, String device) {
    if (!settings.precision().equals("fp32")) {
      throw new IllegalArgumentException(
          "precision=%s is not supported by device=%s: expected fp32"
              .formatted(settings.precision(), device));
    }
    if (settings.threads() < 1) {
      throw new IllegalArgumentException("threads=" + settings.threads() + ", expected at least 1");
    }
  }

  /** The error of a device that is given a tensor which it did not make. */
  public static IllegalArgumentException ofAnotherDevice(Tensor tensor, String device) {
    return new IllegalArgumentException(
        "tensor of another device: class=%s shape=%s, expected one of this %s device"
            .formatted(tensor.getClass().getName(), tensor.shape(), device));
  }

  /**
   * Returns {@code tensor}.
   *
   * @param role what the tensor is in the operation, for the message
   * @throws IllegalArgumentException if it does not have {@code elements} elements
   */
  public static <T extends Tensor> T requireElements(T tensor, long elements, String role) {
    Shape shape = tensor.shape();
    if (shape.elements() != elements) {
      throw new IllegalArgumentException(
          "%s has shape=%s elements=%d, expected %d elements"
              .formatted(role, shape, shape.elements(), elements));
    }
    return tensor;
  }

  /**
   * Checks that a buffer is long enough for a tensor.
   *
   * @throws IllegalArgumentException if {@code buffer} has less left than {@code tensor} has
   *     elements
   */
  public static void requireRemaining(FloatBuffer buffer, Tensor tensor) {
    if (buffer.remaining() < tensor.shape().elements()) {
      throw new IllegalArgumentException(
          "buffer with remaining=%d for a tensor of shape=%s, expected at least %d"
              .formatted(buffer.remaining(), tensor.shape(), tensor.shape().elements()));
    }
  }

  /**
   * Checks the form of a batch normalization without a residual.
   *
   * @throws IllegalArgumentException if {@code form} adds a residual, which {@link
   *     Device#batchNorm} does not take
   */
  public static void requireNoResidual(BatchNorm.Form form) {
    if (form == BatchNorm.Form.ADD_RELU) {
      throw new IllegalArgumentException("form=ADD_RELU needs a residual: use batchNormAddRelu");
    }
  }
}
