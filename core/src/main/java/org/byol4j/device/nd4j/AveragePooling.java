package org.byol4j.device.nd4j;

import org.byol4j.device.Op;
import org.byol4j.device.Pooling;
import org.byol4j.device.Tensor;

/** The mean over height and width, on {@code avgpool2d} and {@code avgpool2d_bp}. */
final class AveragePooling implements Pooling {

  private static final long CHANNELS_LAST = 1;
  private static final long EXPLICIT_PADDING = 0;
  private static final long DENSE = 1;

  private final Engine engine;
  private final Nd4jTensor x;
  private final Nd4jTensor y;

  AveragePooling(Engine engine, Nd4jTensor x, Nd4jTensor y) {
    if (y.elements() != (long) x.shape().batch() * x.shape().channels()) {
      throw new IllegalArgumentException(
          "mean over height and width of x=%s has batch * channels elements, but y=%s"
              .formatted(x.shape(), y.shape()));
    }
    this.engine = engine;
    this.x = x;
    this.y = y;
  }

  @Override
  public Op forward() {
    return new Call(engine, "avgpool2d").in(x.image()).out(pooled(y)).integers(arguments());
  }

  @Override
  public Op backward(Tensor dy, Tensor dx) {
    Nd4jTensor from = Nd4jTensor.of(dy, engine, y.elements(), "dy");
    Nd4jTensor to = Nd4jTensor.of(dx, engine, x.elements(), "dx");
    // of its first operand the operation needs the shape only
    return new Call(engine, "avgpool2d_bp")
        .in(x.image(), pooled(from))
        .out(to.image())
        .integers(arguments());
  }

  private Operand pooled(Nd4jTensor tensor) {
    return tensor.as(x.shape().batch(), 1, 1, x.shape().channels());
  }

  private long[] arguments() {
    return new long[] {
      x.shape().height(),
      x.shape().width(),
      1,
      1,
      0,
      0,
      DENSE,
      DENSE,
      EXPLICIT_PADDING,
      // padding, of which there is none, does not count
      0,
      CHANNELS_LAST
    };
  }
}
