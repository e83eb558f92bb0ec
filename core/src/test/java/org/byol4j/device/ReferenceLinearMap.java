package org.byol4j.device;

/** A convolution straight from its definition; a matrix product is one with a 1x1 window. */
final class ReferenceLinearMap implements LinearMap {

  /** What to do with one output position, one window position, and the pixel they meet at. */
  @FunctionalInterface
  private interface Meeting {

    /**
     * Does it.
     *
     * @param input index of channel 0 of the input pixel
     * @param output index of channel 0 of the output position
     * @param tap index within a window
     */
    void at(int input, int output, int tap);
  }

  private final Shape input;
  private final Shape output;
  private final Window window;
  private final ReferenceTensor weights;

  ReferenceLinearMap(Shape input, Shape output, Window window, ReferenceTensor weights) {
    if (!window.output(input, output.channels()).equals(output)) {
      throw new IllegalArgumentException(
          "convolution of %s by %s makes %s, not output=%s"
              .formatted(input, window, window.output(input, output.channels()), output));
    }
    this.input = input;
    this.output = output;
    this.window = window;
    this.weights = weights;
    long elements = (long) output.channels() * input.channels() * taps();
    ReferenceDevice.requireLength("weights", elements, weights);
  }

  @Override
  public Op forward(Tensor x, Tensor y) {
    ReferenceTensor from = ReferenceDevice.requireLength("x", input.elements(), x);
    ReferenceTensor to = ReferenceDevice.requireLength("y", output.elements(), y);
    return () -> {
      ReferenceDevice.zero(to);
      double[] in = from.array();
      double[] out = to.array();
      double[] w = weights.array();
      meet(
          (pixel, position, tap) -> {
            for (int o = 0; o < output.channels(); o++) {
              double sum = 0;
              for (int c = 0; c < input.channels(); c++) {
                sum += w[weight(o, c, tap)] * in[from.offset() + pixel + c];
              }
              out[to.offset() + position + o] += sum;
            }
          });
    };
  }

  @Override
  public Op backwardData(Tensor dy, Tensor dx) {
    ReferenceTensor from = ReferenceDevice.requireLength("dy", output.elements(), dy);
    ReferenceTensor to = ReferenceDevice.requireLength("dx", input.elements(), dx);
    return () -> {
      ReferenceDevice.zero(to);
      double[] in = from.array();
      double[] out = to.array();
      double[] w = weights.array();
      meet(
          (pixel, position, tap) -> {
            for (int o = 0; o < output.channels(); o++) {
              double gradient = in[from.offset() + position + o];
              for (int c = 0; c < input.channels(); c++) {
                out[to.offset() + pixel + c] += w[weight(o, c, tap)] * gradient;
              }
            }
          });
    };
  }

  @Override
  public Op backwardWeights(Tensor x, Tensor dy, Tensor gradient) {
    ReferenceTensor images = ReferenceDevice.requireLength("x", input.elements(), x);
    ReferenceTensor from = ReferenceDevice.requireLength("dy", output.elements(), dy);
    ReferenceTensor to = ReferenceDevice.requireLength("gradient", weights.length(), gradient);
    return () -> {
      double[] in = images.array();
      double[] dOut = from.array();
      double[] dw = to.array();
      int shift = to.offset() - weights.offset();
      meet(
          (pixel, position, tap) -> {
            for (int o = 0; o < output.channels(); o++) {
              double dyValue = dOut[from.offset() + position + o];
              for (int c = 0; c < input.channels(); c++) {
                dw[shift + weight(o, c, tap)] += dyValue * in[images.offset() + pixel + c];
              }
            }
          });
    };
  }

  private int taps() {
    return window.kernel() * window.kernel();
  }

  /** Index of a weight, {@code [output, input, height, width]}. */
  private int weight(int o, int c, int tap) {
    return weights.offset() + (o * input.channels() + c) * taps() + tap;
  }

  /** Visits every pair of an output position and a pixel in its window; padding is zero. */
  private void meet(Meeting meeting) {
    for (int n = 0; n < output.batch(); n++) {
      for (int row = 0; row < output.height(); row++) {
        for (int column = 0; column < output.width(); column++) {
          int position =
              ((n * output.height() + row) * output.width() + column) * output.channels();
          for (int tap = 0; tap < taps(); tap++) {
            int y = row * window.stride() + tap / window.kernel() - window.vertical().before();
            int x = column * window.stride() + tap % window.kernel() - window.horizontal().before();
            if (y >= 0 && y < input.height() && x >= 0 && x < input.width()) {
              int pixel = ((n * input.height() + y) * input.width() + x) * input.channels();
              meeting.at(pixel, position, tap);
            }
          }
        }
      }
    }
  }
}
