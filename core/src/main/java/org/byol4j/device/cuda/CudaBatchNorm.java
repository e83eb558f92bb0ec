package org.byol4j.device.cuda;

import java.util.Arrays;
import java.util.Optional;
import org.byol4j.device.BatchNorm;
import org.byol4j.device.Figures;
import org.byol4j.device.SharedPass;
import org.byol4j.device.Tensor;

/** A batch normalization by the kernels of batchnorm.cu. */
final class CudaBatchNorm implements BatchNorm {

  /** Rows of the table of coefficients. */
  private static final int COEFFICIENTS = 5;

  private final Engine engine;
  private final Form form;
  private final CudaTensor x;
  private final int channels;

  /** Mean and biased variance in use, in double. */
  private final GpuMemory statistics;

  private final GpuMemory coefficients;
  private final double[] onHost;
  private final ColumnGrid sums;
  private final Launch moments;
  private final Launch finishMoments;
  private final Launch finishStatistics;
  private final Launch makeCoefficients;
  private final Launch normalize;
  private boolean isDone;

  /**
   * @param residual what is added before the ReLU, {@code x} where nothing is
   */
  CudaBatchNorm(
      Engine engine,
      Form form,
      CudaTensor x,
      CudaTensor scale,
      CudaTensor shift,
      double epsilon,
      CudaTensor residual,
      CudaTensor y) {
    this.engine = engine;
    this.form = form;
    this.x = x;
    channels = x.shape().channels();
    statistics = engine.allocate(Element.FP32, 2L * channels * Double.BYTES);
    coefficients = engine.allocate(Element.FP32, (long) COEFFICIENTS * channels * Float.BYTES);
    onHost = new double[2 * channels];
    sums = grid(x.isAligned());
    engine.partials().atLeast(sums.partialBytes(channels));
    moments =
        sums.apply(launch("moments"))
            .tensor(x)
            .area(engine.partials())
            .whole(x.shape().rows())
            .integer(channels)
            .flag(sums.isWide());
    finishMoments = finishMoments(1, statisticsInUse());
    finishStatistics = finishMoments((double) x.shape().rows(), statisticsInUse());
    makeCoefficients =
        launch("coefficients")
            .over(channels)
            .memory(statistics)
            .tensor(scale)
            .tensor(shift)
            .exact(epsilon)
            .integer(channels)
            .memory(coefficients);
    ColumnGrid rows = grid(x.isAligned() && residual.isAligned() && y.isAligned());
    normalize =
        rows.apply(launch("normalize"))
            .tensor(x)
            .tensor(residual)
            .tensor(y)
            .memory(coefficients)
            .whole(x.shape().rows())
            .integer(channels)
            .integer(code(form))
            .flag(rows.isWide());
  }

  private Launch finishMoments(double divisor, GpuFigures.Place to) {
    return ColumnGrid.finish(launch("finish_moments"), channels)
        .tensor(x)
        .area(engine.partials())
        .integer(sums.groups())
        .whole(x.shape().rows())
        .integer(channels)
        .exact(divisor)
        .figures(to);
  }

  /** The form as {@code normalize} is told it. */
  private static int code(Form form) {
    return switch (form) {
      case PLAIN -> 0;
      case RELU -> 1;
      case ADD_RELU -> 2;
    };
  }

  /** A kernel of batchnorm.cu. */
  Launch launch(String function) {
    return engine.launch("batchnorm", x.element(), function);
  }

  ColumnGrid grid(boolean areAligned) {
    return ColumnGrid.of(x.element(), x.shape().rows(), channels, areAligned);
  }

  CudaTensor x() {
    return x;
  }

  /** What the passes over x need of each channel, made by the last forward pass. */
  GpuMemory coefficients() {
    return coefficients;
  }

  /** Whether the backward pass has to find out again what the ReLU let through. */
  boolean isMasked() {
    return form == Form.RELU;
  }

  @Override
  public void forwardLocal() {
    moments.run();
    finishStatistics.run();
    normalize();
  }

  @Override
  public void moments(double[] out) {
    moments.run();
    finishMoments.run();
    engine.staging().download(statistics.address(), onHost);
    System.arraycopy(onHost, 0, out, 0, onHost.length);
  }

  @Override
  public void normalize(double[] mean, double[] variance) {
    System.arraycopy(mean, 0, onHost, 0, channels);
    System.arraycopy(variance, 0, onHost, channels, channels);
    engine.staging().upload(onHost, statistics.address());
    normalize();
  }

  private void normalize() {
    makeCoefficients.run();
    normalize.run();
    isDone = true;
  }

  @Override
  public Optional<SharedPass> shared(int rank, long[] rows) {
    int size = rows.length;
    GpuFigures.Place all = CudaSharedPass.room(engine, size, 2 * channels);
    Launch take = finishMoments(1, CudaSharedPass.part(all, rank, size));
    Launch merge =
        engine
            .launch("collective", Element.FP32, "merge_moments")
            .over(channels)
            .figures(all)
            .memory(engine.table(bits(rows)))
            .integer(size)
            .integer(channels)
            .memory(statistics);
    return Optional.of(
        new CudaSharedPass(
            all,
            () -> {
              moments.run();
              take.run();
            },
            () -> {
              merge.run();
              normalize();
            }));
  }

  /** Numbers of rows as doubles, in a table's words. */
  private static long[] bits(long[] rows) {
    return Arrays.stream(rows).map(count -> Double.doubleToRawLongBits((double) count)).toArray();
  }

  @Override
  public Figures statistics() {
    return statisticsInUse();
  }

  private GpuFigures.Place statisticsInUse() {
    return new GpuFigures.Place(engine, statistics, 0, 2 * channels);
  }

  @Override
  public Backward backward(Tensor dy, Tensor dx, Tensor scaleGradient, Tensor shiftGradient) {
    Element element = x.element();
    return new CudaBatchNormBackward(
        engine,
        this,
        CudaTensor.of(dy, engine, element, x.elements(), "dy"),
        CudaTensor.of(dx, engine, element, x.elements(), "dx"),
        CudaTensor.of(scaleGradient, engine, Element.FP32, channels, "scale gradient"),
        CudaTensor.of(shiftGradient, engine, Element.FP32, channels, "shift gradient"));
  }

  /**
   * @throws IllegalStateException if nothing was normalized yet
   */
  void requireForward() {
    if (!isDone) {
      throw new IllegalStateException("batch normalization without a forward pass");
    }
  }
}
