package org.byol4j.device.cuda;

import org.byol4j.device.RegressionLoss;
import org.byol4j.device.Shape;

/** BYOL's loss of one view, by the kernel of loss.cu. */
final class CosineLoss implements RegressionLoss, GpuFigures {

  private final FlatOperations flat;
  private final int rows;

  /** The loss of each row, and behind them their sum. */
  private final GpuMemory losses;

  private final Place sum;
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
    sum = new Place(engine, losses, rows, 1);
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
  public void run() {
    launch.run();
    flat.addUp(losses.address(), rows, sum.address());
  }

  @Override
  public Place place() {
    return sum;
  }

  @Override
  public int length() {
    return sum.length();
  }

  @Override
  public void read(double[] to, int at) {
    sum.read(to, at);
  }
}
