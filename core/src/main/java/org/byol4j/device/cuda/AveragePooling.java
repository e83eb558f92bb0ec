package org.byol4j.device.cuda;

import org.byol4j.device.Op;
import org.byol4j.device.Pooling;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;

/** The mean over height and width, by the kernels of pooling.cu. */
final class AveragePooling implements Pooling {

  private final Engine engine;
  private final CudaTensor x;
  private final CudaTensor y;

  AveragePooling(Engine engine, CudaTensor x, CudaTensor y) {
    Shape from = x.shape();
    this.engine = engine;
    this.x = x;
    this.y =
        CudaTensor.of(
            y, engine, x.element(), (long) from.batch() * from.channels(), "y of a pooling");
  }

  @Override
  public Op forward() {
    return launch("average_pool", x, y);
  }

  @Override
  public Op backward(Tensor dy, Tensor dx) {
    return launch(
        "average_pool_backward",
        CudaTensor.of(dy, engine, x.element(), y.elements(), "dy"),
        CudaTensor.of(dx, engine, x.element(), x.elements(), "dx"));
  }

  private Launch launch(String function, CudaTensor from, CudaTensor to) {
    Shape images = x.shape();
    ChannelGroups groups =
        ChannelGroups.of(x.element(), images.channels(), from.isAligned() && to.isAligned());
    return engine
        .launch("pooling", x.element(), function)
        .over(groups.count(), images.batch())
        .tensor(from)
        .tensor(to)
        .integer(images.batch())
        .integer(images.height() * images.width())
        .integer(images.channels())
        .flag(groups.isWide());
  }
}
