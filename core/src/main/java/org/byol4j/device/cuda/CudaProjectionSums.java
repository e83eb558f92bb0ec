package org.byol4j.device.cuda;

import org.byol4j.device.Measure;
import org.byol4j.device.ProjectionSums;
import org.byol4j.device.Shape;

/** {@link ProjectionSums} by the kernels of loss.cu. */
final class CudaProjectionSums implements Measure, GpuFigures {

  /** The block of {@code projection_columns}: channels, and threads that share the rows of each. */
  private static final int COLUMNS = 32;

  private static final int SHARES = 32;

  private final FlatOperations flat;
  private final int rows;

  /** Of each row the cosine, behind them of each the projection's inverse length. */
  private final GpuMemory ofRows;

  private final GpuMemory memory;
  private final Place place;
  private final Launch eachRow;
  private final Launch eachColumn;

  CudaProjectionSums(
      Engine engine, FlatOperations flat, CudaTensor predictions, CudaTensor projections) {
    Shape shape = projections.shape();
    int channels = shape.channels();
    int length = ProjectionSums.length(channels);
    this.flat = flat;
    rows = Math.toIntExact(shape.rows());
    ofRows = engine.allocate(Element.FP32, 2L * rows * Double.BYTES);
    memory = engine.allocate(Element.FP32, (long) length * Double.BYTES);
    place = new Place(engine, memory, 0, length);
    eachRow =
        engine
            .launch("loss", projections.element(), "projection_rows")
            .grid(rows, 1)
            .tensor(predictions)
            .tensor(projections)
            .memory(ofRows)
            .integer(rows)
            .integer(channels);
    eachColumn =
        engine
            .launch("loss", projections.element(), "projection_columns")
            .grid((channels + COLUMNS - 1) / COLUMNS, 1)
            .block(COLUMNS, SHARES)
            .tensor(projections)
            .memory(ofRows)
            .integer(rows)
            .integer(channels)
            .memory(memory);
  }

  @Override
  public void run() {
    eachRow.run();
    eachColumn.run();
    flat.addUp(ofRows.address(), rows, memory.address() + Double.BYTES);
  }

  @Override
  public Place place() {
    return place;
  }

  @Override
  public int length() {
    return place.length();
  }

  @Override
  public void read(double[] to, int at) {
    place.read(to, at);
  }
}
