package org.byol4j.device.cuda;

import org.byol4j.device.Padding;

/**
 * A convolution as a library is asked for it: images {@code [batch, height, width, inputs]},
 * filters {@code [outputs, kernel, kernel, inputs]}. Both numbers of channels are multiples of 8.
 *
 * @param arithmetic in what precision products are taken
 */
record ConvolutionProblem(
    Direction direction,
    Arithmetic arithmetic,
    int batch,
    int height,
    int width,
    int inputs,
    int outHeight,
    int outWidth,
    int outputs,
    int kernel,
    int stride,
    Padding vertical,
    Padding horizontal) {

  /** What is made of what. */
  enum Direction {
    /** y of x and w. */
    FORWARD,
    /** The gradient with respect to x, of those of y and w. */
    DATA,
    /** The gradient with respect to w, of x and the gradient of y. */
    WEIGHTS,
    /**
     * That with respect to x plus another one, where the ReLU that made x let something through.
     */
    MASKED_DATA
  }

  /** In what precision products are taken; sums are in float32. */
  enum Arithmetic {
    /** Float32. */
    FP32(Element.FP32),
    /** Float32 whose factors are rounded to 10 bits behind the point. */
    TF32(Element.FP32),
    /** Bfloat16. */
    BF16(Element.BF16);

    private final Element element;

    Arithmetic(Element element) {
      this.element = element;
    }

    /** What images and filters are of. */
    Element element() {
      return element;
    }
  }

  /** The same for another direction. */
  ConvolutionProblem in(Direction other) {
    return new ConvolutionProblem(
        other,
        arithmetic,
        batch,
        height,
        width,
        inputs,
        outHeight,
        outWidth,
        outputs,
        kernel,
        stride,
        vertical,
        horizontal);
  }

  /** The number of elements of x. */
  long images() {
    return (long) batch * height * width * inputs;
  }

  /** The number of elements of y. */
  long results() {
    return (long) batch * outHeight * outWidth * outputs;
  }

  /** The number of elements of w. */
  long filters() {
    return (long) outputs * kernel * kernel * inputs;
  }

  /** A name without blanks, for records of what was chosen. */
  String key() {
    return "%s-%s-n%d-%dx%dx%d-%dx%dx%d-k%d-s%d-p%d.%d.%d.%d"
        .formatted(
            direction,
            arithmetic,
            batch,
            height,
            width,
            inputs,
            outHeight,
            outWidth,
            outputs,
            kernel,
            stride,
            vertical.before(),
            vertical.after(),
            horizontal.before(),
            horizontal.after());
  }
}
