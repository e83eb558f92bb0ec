package org.byol4j.device.nd4j;

import org.byol4j.device.Op;
import org.byol4j.device.Shape;
import org.byol4j.device.Window;

/**
 * An image with the margin that a window reaches into, just as large as all positions of the window
 * cover: ND4J pads both sides alike, or as TensorFlow does. What no window covers is cut off.
 */
final class Frame {

  private final Engine engine;
  private final Shape image;
  private final int top;
  private final int left;
  private final int height;
  private final int width;

  /** How much of the image lies in the frame. */
  private final int seenHeight;

  private final int seenWidth;

  Frame(Engine engine, Shape image, Shape output, Window window) {
    this.engine = engine;
    this.image = image;
    top = window.vertical().before();
    left = window.horizontal().before();
    height = (output.height() - 1) * window.stride() + window.kernel();
    width = (output.width() - 1) * window.stride() + window.kernel();
    seenHeight = Math.min(image.height(), height - top);
    seenWidth = Math.min(image.width(), width - left);
  }

  long elements() {
    return (long) image.batch() * height * width * image.channels();
  }

  /** The framed image, at the start of a place. */
  Operand at(Place place) {
    return Operand.dense(place, 0, image.batch(), height, width, image.channels());
  }

  /** Puts an image into a frame; the margin stays as it is. */
  Op fill(Nd4jTensor from, Place place) {
    return new Copy(
        engine,
        from.image().within(0, 0, seenHeight, seenWidth),
        at(place).within(top, left, seenHeight, seenWidth));
  }

  /** Takes the image out of its frame; what lay outside of it becomes 0. */
  Op crop(Place place, Nd4jTensor to) {
    Op copy =
        new Copy(
            engine,
            at(place).within(top, left, seenHeight, seenWidth),
            to.image().within(0, 0, seenHeight, seenWidth));
    if (seenHeight == image.height() && seenWidth == image.width()) {
      return copy;
    }
    return () -> {
      to.flat().array().assign(0);
      copy.run();
    };
  }
}
