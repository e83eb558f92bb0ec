package org.byol4j.device;

/** One pooling of {@code x} into {@code y}, bound to its tensors. */
public interface Pooling {

  /**
   * Makes {@code y} from {@code x}, and remembers what the way back needs; overwrites {@code y}.
   */
  Op forward();

  /**
   * Makes {@code dx} from {@code dy} and what the last forward pass remembered; overwrites it.
   * {@code x} and {@code y} are not read again.
   */
  Op backward(Tensor dy, Tensor dx);
}
