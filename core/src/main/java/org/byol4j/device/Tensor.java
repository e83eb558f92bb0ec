package org.byol4j.device;

/**
 * A dense, channels-last array in a device's memory.
 *
 * <p>A tensor made by {@link Device#allocate} owns its memory: closing it frees the memory and
 * makes every view of it unusable. A view owns nothing; closing it does nothing. Only the device
 * that made a tensor can work on it.
 */
public interface Tensor extends AutoCloseable {

  /**
   * The extent, {@code [batch, height, width, channels]}; of a view its own, not that of what it
   * views.
   */
  Shape shape();

  /**
   * Returns a tensor over the elements {@code [offset, offset + shape.elements())} of this one, in
   * memory order.
   *
   * @throws IndexOutOfBoundsException if the range does not lie within this tensor
   */
  Tensor view(long offset, Shape shape);

  @Override
  void close();
}
