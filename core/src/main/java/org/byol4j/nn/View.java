package org.byol4j.nn;

import java.nio.FloatBuffer;
import org.byol4j.device.Device;
import org.byol4j.device.Tensor;

/**
 * One view of each image of a micro-batch, {@code [rows, size, size, 3]}, normalized, wherever it
 * lies.
 */
@FunctionalInterface
public interface View {

  /**
   * Puts the images where a network takes them; may be asked for several times.
   *
   * @param device runs the network, and made the images if they are on a device
   * @param input of the images' shape
   */
  void writeTo(Device device, Tensor input);

  /** Images in memory of the host, from position 0 to the buffer's limit. */
  static View of(FloatBuffer images) {
    return (device, input) -> device.write(images.rewind(), input);
  }

  /** Images on the device that will run the network. */
  static View of(Tensor images) {
    return (device, input) -> device.copy(images, input);
  }
}
