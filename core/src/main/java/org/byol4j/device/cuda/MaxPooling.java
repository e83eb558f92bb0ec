package org.byol4j.device.cuda;

import org.byol4j.device.Op;
import org.byol4j.device.Pooling;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.Window;

/** Maximum pooling by the kernels of pooling.cu; it remembers which pixel of each window won. */
final class MaxPooling implements Pooling {

  /** A winner's place within its window is kept in a byte. */
  private static final int LARGEST_WINDOW = 16;

  private final Engine engine;
  private final Window window;
  private final CudaTensor x;
  private final CudaTensor y;
  private final GpuMemory winners;
  private final Launch forward;

  MaxPooling(Engine engine, Window window, CudaTensor x, CudaTensor y) {
    Shape expected = window.output(x.shape(), x.shape().channels());
    if (!expected.equals(y.shape()) || window.kernel() > LARGEST_WINDOW) {
      throw new IllegalArgumentException(
          "pooling of %s by %s makes %s, not y=%s; expected a window of at most %d pixels a side"
              .formatted(x.shape(), window, expected, y.shape(), LARGEST_WINDOW));
    }
    this.engine = engine;
    this.window = window;
    this.x = x;
    this.y = CudaTensor.of(y, engine, x.element(), expected.elements(), "y of a pooling");
    winners = engine.allocate(Element.FP32, expected.elements());
    ChannelGroups groups = groups(x, this.y);
    forward =
        extents(
            engine
                .launch("pooling", x.element(), "max_pool")
                .over(
                    expected.width() * groups.count(), (long) expected.batch() * expected.height())
                .tensor(x)
                .tensor(y)
                .memory(winners),
            groups);
  }

  private ChannelGroups groups(CudaTensor from, CudaTensor to) {
    return ChannelGroups.of(x.element(), x.shape().channels(), from.isAligned() && to.isAligned());
  }

  private Launch extents(Launch launch, ChannelGroups groups) {
    Shape from = x.shape();
    return launch
        .integer(from.batch())
        .integer(from.height())
        .integer(from.width())
        .integer(from.channels())
        .integer(y.shape().height())
        .integer(y.shape().width())
        .integer(window.kernel())
        .integer(window.stride())
        .integer(window.vertical().before())
        .integer(window.horizontal().before())
        .flag(groups.isWide());
  }

  @Override
  public Op forward() {
    return forward;
  }

  @Override
  public Op backward(Tensor dy, Tensor dx) {
    Shape to = x.shape();
    Element element = x.element();
    CudaTensor from = CudaTensor.of(dy, engine, element, y.elements(), "dy");
    CudaTensor into = CudaTensor.of(dx, engine, element, x.elements(), "dx");
    ChannelGroups groups = groups(from, into);
    return extents(
        engine
            .launch("pooling", element, "max_pool_backward")
            .over(to.width() * groups.count(), (long) to.batch() * to.height())
            .tensor(from)
            .memory(winners)
            .tensor(into),
        groups);
  }
}
