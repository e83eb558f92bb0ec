package org.byol4j.device;

/** Maximum pooling straight from its definition. */
final class ReferenceMaxPool implements Pooling {
  private final Window window;
  private final ReferenceTensor x;
  private final ReferenceTensor y;

  /** For each output element the index, within x, of the input element that it came from. */
  private final int[] winners;

  ReferenceMaxPool(Window window, ReferenceTensor x, ReferenceTensor y) {
    this.window = window;
    this.x = x;
    this.y = y;
    Shape expected = window.output(x.shape(), x.shape().channels());
    if (!expected.equals(y.shape())) {
      throw new IllegalArgumentException(
          "pooling of %s by %s makes %s, not y=%s"
              .formatted(x.shape(), window, expected, y.shape()));
    }
    this.winners = new int[y.length()];
  }

  @Override
  public Op forward() {
    return () -> {
      Shape output = y.shape();
      int element = 0;
      for (int n = 0; n < output.batch(); n++) {
        for (int row = 0; row < output.height(); row++) {
          for (int column = 0; column < output.width(); column++) {
            for (int c = 0; c < output.channels(); c++) {
              int winner = winner(n, row, column, c);
              winners[element] = winner;
              y.array()[y.offset() + element] = x.array()[x.offset() + winner];
              element++;
            }
          }
        }
      }
    };
  }

  private int winner(int n, int row, int column, int c) {
    Shape input = x.shape();
    int top = row * window.stride() - window.vertical().before();
    int left = column * window.stride() - window.horizontal().before();
    int winner = -1;
    for (int i = Math.max(0, top); i < Math.min(input.height(), top + window.kernel()); i++) {
      for (int j = Math.max(0, left); j < Math.min(input.width(), left + window.kernel()); j++) {
        int pixel = ((n * input.height() + i) * input.width() + j) * input.channels() + c;
        if (winner < 0 || x.array()[x.offset() + pixel] > x.array()[x.offset() + winner]) {
          winner = pixel;
        }
      }
    }
    return winner;
  }

  @Override
  public Op backward(Tensor dy, Tensor dx) {
    ReferenceTensor from = ReferenceDevice.requireLength("dy", y.length(), dy);
    ReferenceTensor to = ReferenceDevice.requireLength("dx", x.length(), dx);
    return () -> {
      ReferenceDevice.zero(to);
      for (int element = 0; element < winners.length; element++) {
        to.array()[to.offset() + winners[element]] += from.array()[from.offset() + element];
      }
    };
  }
}
