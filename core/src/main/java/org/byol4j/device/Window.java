package org.byol4j.device;

/**
 * A square window that slides over height and width, of a convolution or a pooling.
 *
 * @param kernel its height and width, in pixels, at least 1
 * @param stride how far it moves at a time, in pixels, at least 1
 * @param vertical the padding above and below
 * @param horizontal the padding on the left and on the right
 */
public record Window(int kernel, int stride, Padding vertical, Padding horizontal) {

  /**
   * Takes a window.
   *
   * @throws IllegalArgumentException if {@code kernel} or {@code stride} is below 1
   */
  public Window {
    if (kernel < 1 || stride < 1) {
      throw new IllegalArgumentException("kernel=%d stride=%d".formatted(kernel, stride));
    }
  }

  /** The shape that the window makes of {@code input}, with {@code channels} channels. */
  public Shape output(Shape input, int channels) {
    return new Shape(
        input.batch(),
        length(input.height(), vertical),
        length(input.width(), horizontal),
        channels);
  }

  private int length(int size, Padding padding) {
    return (size + padding.before() + padding.after() - kernel) / stride + 1;
  }
}
