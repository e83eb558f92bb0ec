package org.byol4j.device.cuda;

import org.byol4j.device.RegressionLoss;
import org.byol4j.device.Shape;

/** BYOL's loss of one view, by the kernel of loss.cu. */
final class CosineLoss implements RegressionLoss {

  private final FlatOperations flat;
  private final int rows;

  /** The loss of each row, and behind them their sum. */
  private final GpuMemory losses;

  private final Launch launch;

  CosineLoss(
      Engine engine,
      FlatOperations flat,
      CudaTensor prediction,
      CudaTensor projection,
      double factor,
      CudaTensor gradient) {
    Shape shape = prediction.shape();
    this.flat = flat;
    rows = Math.toIntExact(shape.rows());
    losses = engine.allocate(Element.FP32, (rows + 1L) * Double.BYTES);
    launch =
        engine
            .launch("loss", prediction.element(), "regression_loss")
            .grid(rows, 1)
            .tensor(prediction)
            .tensor(projection)
            .exact(factor)
            .tensor(gradient)
            .memory(losses)
            .integer(shape.channels());
  }

  @Override
  public double run() {
    launch.run();
    long sum = losses.address() + (long) rows * Double.BYTES;
    return flat.sumOf(losses.address(), rows, sum);
  }
}
