package org.byol4j.device.nd4j;

import org.byol4j.device.Op;
import org.byol4j.device.Pooling;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.Window;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * The maximum of each window, on {@code maxpool2d} and {@code maxpool2d_bp}. The latter looks for
 * the maximum again, so a copy of the input is what the forward pass remembers.
 */
final class MaxPooling implements Pooling {

  private static final long CHANNELS_LAST = 1;
  private static final long EXPLICIT_PADDING = 0;
  private static final long DENSE = 1;

  private final Engine engine;
  private final Nd4jTensor x;
  private final Nd4jTensor y;
  private final Window window;
  private final Frame frame;
  private final Memory remembered;

  MaxPooling(Engine engine, Window window, Nd4jTensor x, Nd4jTensor y) {
    Shape expected = window.output(x.shape(), x.shape().channels());
    if (y.elements() != expected.elements()) {
      throw new IllegalArgumentException(
          "maximum of windows of x=%s with %s gives y=%s, expected %s"
              .formatted(x.shape(), window, expected, y.shape()));
    }
    this.engine = engine;
    this.window = window;
    this.x = x;
    this.y = y;
    frame = new Frame(engine, x.shape(), expected, window);
    remembered = engine.allocate(DataType.FLOAT, frame.elements());
    // what a window holds of the margin is never its maximum
    remembered.fill(-Float.MAX_VALUE);
  }

  @Override
  public Op forward() {
    Op fill = frame.fill(x, remembered);
    Op maximum =
        new Call(engine, "maxpool2d").in(frame.at(remembered)).out(pooled(y)).integers(arguments());
    return () -> {
      fill.run();
      maximum.run();
    };
  }

  @Override
  public Op backward(Tensor dy, Tensor dx) {
    Nd4jTensor from = Nd4jTensor.of(dy, engine, y.elements(), "dy");
    Nd4jTensor to = Nd4jTensor.of(dx, engine, x.elements(), "dx");
    Area area = engine.dataGradient().atLeast(frame.elements());
    Op gradient =
        new Call(engine, "maxpool2d_bp")
            .in(frame.at(remembered), pooled(from))
            .out(frame.at(area))
            .integers(arguments());
    Op crop = frame.crop(area, to);
    return () -> {
      gradient.run();
      crop.run();
    };
  }

  private Operand pooled(Nd4jTensor tensor) {
    Shape output = window.output(x.shape(), x.shape().channels());
    return tensor.as(output.batch(), output.height(), output.width(), output.channels());
  }

  private long[] arguments() {
    return new long[] {
      window.kernel(),
      window.kernel(),
      window.stride(),
      window.stride(),
      0,
      0,
      DENSE,
      DENSE,
      EXPLICIT_PADDING,
      // not used by a maximum
      0,
      CHANNELS_LAST
    };
  }
}
