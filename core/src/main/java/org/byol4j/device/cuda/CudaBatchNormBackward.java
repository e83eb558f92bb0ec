package org.byol4j.device.cuda;

import java.util.Arrays;
import java.util.Optional;
import org.byol4j.device.BatchNorm;
import org.byol4j.device.SharedPass;

/** The backward pass of a batch normalization, by the kernels of batchnorm.cu. */
final class CudaBatchNormBackward implements BatchNorm.Backward {

  /** The index of the number of rows among the arguments of {@code backward_apply}. */
  private static final int COUNT = 5;

  private final Engine engine;
  private final CudaBatchNorm norm;
  private final int channels;
  private final ColumnGrid grid;
  private final CudaTensor scaleGradient;
  private final CudaTensor shiftGradient;
  private final GpuMemory sums;
  private final Launch sum;
  private final Launch finish;
  private final Launch apply;

  CudaBatchNormBackward(
      Engine engine,
      CudaBatchNorm norm,
      CudaTensor dy,
      CudaTensor dx,
      CudaTensor scaleGradient,
      CudaTensor shiftGradient) {
    this.engine = engine;
    this.norm = norm;
    this.scaleGradient = scaleGradient;
    this.shiftGradient = shiftGradient;
    CudaTensor x = norm.x();
    channels = x.shape().channels();
    long rows = x.shape().rows();
    sums = engine.allocate(Element.FP32, 2L * channels * Double.BYTES);
    grid = norm.grid(x.isAligned() && dy.isAligned());
    engine.partials().atLeast(grid.partialBytes(channels));
    sum =
        grid.apply(norm.launch("backward_sums"))
            .tensor(x)
            .tensor(dy)
            .memory(norm.coefficients())
            .area(engine.partials())
            .whole(rows)
            .integer(channels)
            .flag(norm.isMasked())
            .flag(grid.isWide());
    finish = finish(new GpuFigures.Place(engine, sums, 0, 2 * channels));
    ColumnGrid pass = norm.grid(x.isAligned() && dy.isAligned() && dx.isAligned());
    apply =
        pass.apply(norm.launch("backward_apply"))
            .tensor(x)
            .tensor(dy)
            .tensor(dx)
            .memory(norm.coefficients())
            .memory(sums)
            .exact((double) rows)
            .whole(rows)
            .integer(channels)
            .flag(norm.isMasked())
            .flag(pass.isWide());
  }

  private Launch finish(GpuFigures.Place to) {
    return ColumnGrid.finish(norm.launch("finish_backward"), channels)
        .area(engine.partials())
        .integer(grid.groups())
        .integer(channels)
        .figures(to)
        .tensor(scaleGradient)
        .tensor(shiftGradient);
  }

  @Override
  public Optional<SharedPass> shared(int rank, long[] rows) {
    int size = rows.length;
    long allRows = Arrays.stream(rows).sum();
    GpuFigures.Place all = CudaSharedPass.room(engine, size, 2 * channels);
    Launch take = finish(CudaSharedPass.part(all, rank, size));
    Launch add =
        engine
            .launch("collective", Element.FP32, "rank_order_sum_of_parts")
            .over(2L * channels)
            .figures(all)
            .integer(size)
            .integer(2 * channels)
            .memory(sums);
    return Optional.of(
        new CudaSharedPass(
            all,
            () -> {
              norm.requireForward();
              sum.run();
              take.run();
            },
            () -> {
              add.run();
              apply(allRows);
            }));
  }

  @Override
  public void local() {
    takeSums();
    apply(norm.x().shape().rows());
  }

  @Override
  public void sums(double[] out) {
    takeSums();
    engine.staging().download(sums.address(), out);
  }

  private void takeSums() {
    norm.requireForward();
    sum.run();
    finish.run();
  }

  @Override
  public void apply(double[] all, long rows) {
    engine.staging().upload(all, sums.address());
    apply(rows);
  }

  private void apply(long rows) {
    apply.setExact(COUNT, (double) rows);
    apply.run();
  }
}
