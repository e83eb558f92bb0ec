package org.byol4j.device;

import java.nio.ByteBuffer;
import org.byol4j.augment.PackedViews;

/**
 * Makes both views of each image of a micro-batch on a device, from decoded pixels and what was
 * drawn for them: the views of {@link org.byol4j.augment.ViewMaker} within 1/255 of the range of a
 * pixel, before they are normalized.
 *
 * <p>Each micro-batch is uploaded and made, in this order, and awaited before or after it is made.
 * The next one may be uploaded once the one before it was awaited, so that it travels while the
 * device computes. All but {@link #hostMemory} is for the thread of the device.
 */
public interface ViewKernels extends AutoCloseable {

  /**
   * Memory of the host that pixels travel from fastest; it stays until the device is closed. From
   * any thread.
   *
   * @throws OutOfMemoryError if it is not to be had, naming the size
   */
  ByteBuffer hostMemory(int bytes);

  /**
   * Starts to bring a micro-batch to the device.
   *
   * @param images all of its rows, in pages of {@link #hostMemory}, which stay as they are until
   *     {@link #awaitUpload}
   * @throws IllegalArgumentException if there are more or fewer rows than views are made of
   * @throws OutOfMemoryError if the device has no room for the pixels, naming the size
   */
  void upload(PackedViews images);

  /** Returns when the pixels that were uploaded last may change on the host. */
  void awaitUpload();

  /**
   * Makes the views of the micro-batch that was uploaded first and is not made yet, when it is
   * there.
   */
  void make();

  /**
   * The views that were made last, {@code [rows, size, size, 3]}, normalized, as activations of the
   * device; the same tensor each time.
   *
   * @param number 0 for the first view, 1 for the second
   */
  Tensor view(int number);

  /** Frees what the views take on the device. */
  @Override
  void close();
}
