package org.byol4j.device;

/** The mean over height and width straight from its definition. */
final class ReferenceAveragePool implements Pooling {
  private final ReferenceTensor x;
  private final ReferenceTensor y;
  private final int area;
  private final int channels;

  ReferenceAveragePool(ReferenceTensor x, ReferenceTensor y) {
    this.x = x;
    this.y = y;
    this.area = x.shape().height() * x.shape().width();
    this.channels = x.shape().channels();
    ReferenceDevice.requireLength("y", (long) x.shape().batch() * channels, y);
  }

  @Override
  public Op forward() {
    return () -> {
      ReferenceDevice.zero(y);
      for (int i = 0; i < x.length(); i++) {
        y.array()[y.offset() + pooled(i)] += x.array()[x.offset() + i] / area;
      }
    };
  }

  @Override
  public Op backward(Tensor dy, Tensor dx) {
    ReferenceTensor from = ReferenceDevice.requireLength("dy", y.length(), dy);
    ReferenceTensor to = ReferenceDevice.requireLength("dx", x.length(), dx);
    return () -> {
      for (int i = 0; i < x.length(); i++) {
        to.array()[to.offset() + i] = from.array()[from.offset() + pooled(i)] / area;
      }
    };
  }

  /** Index within y of the mean that element {@code i} of x goes into. */
  private int pooled(int i) {
    return i / (area * channels) * channels + i % channels;
  }
}
