package org.byol4j.device;

/** A square window that slides over height and width, of a convolution or a pooling. */
public record Window(int kernel, int stride, Padding vertical, Padding horizontal) {

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
