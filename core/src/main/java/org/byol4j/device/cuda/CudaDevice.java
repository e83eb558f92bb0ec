package org.byol4j.device.cuda;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.device.BatchNorm;
import org.byol4j.device.Blend;
import org.byol4j.device.Choices;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.DeviceMemory;
import org.byol4j.device.DeviceUnavailableException;
import org.byol4j.device.Factors;
import org.byol4j.device.Figures;
import org.byol4j.device.HostWindow;
import org.byol4j.device.LinearMap;
import org.byol4j.device.Measure;
import org.byol4j.device.MomentumStep;
import org.byol4j.device.Op;
import org.byol4j.device.Padding;
import org.byol4j.device.Pooling;
import org.byol4j.device.RegressionLoss;
import org.byol4j.device.Report;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.ViewKernels;
import org.byol4j.device.Window;

/**
 * An NVIDIA GPU. Operations are started when they are run and run behind the caller's back; whoever
 * reads waits for them.
 *
 * <p>{@code compute.precision}: {@code fp32} and {@code tf32} keep activations in float32, {@code
 * bf16} in bfloat16. Weights, their gradients, statistics and sums are of float32 or wider always.
 */
public final class CudaDevice implements Device {

  private final Engine engine;
  private final FlatOperations flat;
  private final Element activations;
  private final String precision;
  private final int threads;

  /**
   * @param gpu where it computes; closed with this
   * @throws IllegalArgumentException if the settings ask for something else
   */
  CudaDevice(ComputeSettings settings, Gpu gpu) {
    ConvolutionProblem.Arithmetic arithmetic = arithmetic(settings);
    precision = settings.precision();
    threads = settings.threads();
    activations = arithmetic.element();
    engine = new Engine(gpu, arithmetic);
    flat = new FlatOperations(engine);
  }

  /**
   * Opens a GPU.
   *
   * @param gpu its number among those that this process may see, as Spark has its address; empty
   *     for the first
   * @throws IllegalArgumentException if the settings ask for something else
   * @throws DeviceUnavailableException if a driver, GPU or library is missing or too old, or does
   *     not start, saying which
   */
  public static CudaDevice open(ComputeSettings settings, String gpu) {
    arithmetic(settings);
    try {
      int number = CudaRuntime.numberOf(gpu);
      int capability = CudaRuntime.require(number);
      CacheFolder cache = CacheFolder.ofThisMachine(System.getenv());
      return on(new NvidiaGpu(number, capability, cache), settings);
    } catch (IllegalStateException | CudnnException | CublasException e) {
      throw new DeviceUnavailableException(e.getMessage(), e);
    }
  }

  /** A device on a GPU that is closed if there can be none. */
  private static CudaDevice on(NvidiaGpu gpu, ComputeSettings settings) {
    try {
      return new CudaDevice(
          settings,
          settings.graphs() == ComputeSettings.Graphs.AUTO
              ? new ReplayingGpu(gpu, ReplayingGpu.Policy.USUAL)
              : gpu);
    } catch (RuntimeException | Error e) {
      gpu.close();
      throw e;
    }
  }

  private static ConvolutionProblem.Arithmetic arithmetic(ComputeSettings settings) {
    if (settings.convolution() != ComputeSettings.Convolution.AUTO) {
      throw new IllegalArgumentException(
          "convolution=direct is not supported by device=cuda, where cuDNN chooses: expected auto");
    }
    return switch (settings.precision()) {
      case "fp32" -> ConvolutionProblem.Arithmetic.FP32;
      case "tf32" -> ConvolutionProblem.Arithmetic.TF32;
      case "bf16" -> ConvolutionProblem.Arithmetic.BF16;
      default ->
          throw new IllegalArgumentException(
              "precision=%s is not supported by device=cuda: expected fp32, tf32 or bf16"
                  .formatted(settings.precision()));
    };
  }

  @Override
  public String name() {
    return "cuda";
  }

  @Override
  public Map<String, String> fingerprint() {
    Map<String, String> facts = new TreeMap<>(engine.gpu().facts());
    facts.put("device", name());
    facts.put("precision", precision.toLowerCase(Locale.ROOT));
    return facts;
  }

  @Override
  public Choices choices() {
    return new Choices(machine(), engine.gpu().chosenWays());
  }

  @Override
  public void prefer(Choices earlier) {
    if (earlier.machine().equals(machine())) {
      engine.gpu().preferWays(earlier.ways());
    }
  }

  /** What names of ways mean the same on. */
  private String machine() {
    Map<String, String> facts = engine.gpu().facts();
    return "gpu=%s cudnn=%s cublas=%s"
        .formatted(facts.get("gpu"), facts.get("cudnn"), facts.get("cublas"));
  }

  Engine engine() {
    return engine;
  }

  @Override
  public int threads() {
    return threads;
  }

  @Override
  public Tensor allocate(Shape shape) {
    return CudaTensor.allocate(engine, DeviceMemory.Purpose.PARAMETERS, Element.FP32, shape);
  }

  @Override
  public Tensor allocateActivations(Shape shape) {
    return CudaTensor.allocate(engine, DeviceMemory.Purpose.ACTIVATIONS, activations, shape);
  }

  @Override
  public HostWindow host(Tensor tensor) {
    return new CudaWindow(engine, of(tensor));
  }

  @Override
  public void write(FloatBuffer from, Tensor to) {
    CudaTensor target = of(to);
    target.memory().requireOpen();
    requireRemaining(from, target);
    long count = target.elements();
    if (target.element() == Element.FP32) {
      engine.staging().upload(from, target.address(), count);
    } else {
      long floats = engine.transfer().atLeast(count * Float.BYTES).address();
      engine.staging().upload(from, floats, count);
      flat.convert(Element.FP32, floats, target.element(), target.address(), count);
    }
    target.memory().changed();
  }

  @Override
  public void read(Tensor from, FloatBuffer to) {
    CudaTensor source = of(from);
    source.memory().requireOpen();
    requireRemaining(to, source);
    long count = source.elements();
    if (source.element() == Element.FP32) {
      engine.staging().download(source.address(), to, count);
      return;
    }
    long floats = engine.transfer().atLeast(count * Float.BYTES).address();
    flat.convert(source.element(), source.address(), Element.FP32, floats, count);
    engine.staging().download(floats, to, count);
  }

  private static void requireRemaining(FloatBuffer buffer, CudaTensor tensor) {
    if (buffer.remaining() < tensor.elements()) {
      throw new IllegalArgumentException(
          "buffer with remaining=%d for a tensor of shape=%s, expected at least %d"
              .formatted(buffer.remaining(), tensor.shape(), tensor.elements()));
    }
  }

  @Override
  public boolean makesViews() {
    return true;
  }

  @Override
  public ViewKernels viewKernels(AugmentSettings settings, int rows) {
    return new CudaViews(engine, activations, settings, rows);
  }

  @Override
  public LinearMap convolution(Shape input, Shape output, Window window, Tensor weights) {
    return new Convolution(engine, input, output, window, weights);
  }

  @Override
  public LinearMap matrixProduct(int rows, int in, int out, Tensor weights) {
    Padding none = Padding.both(0);
    return new Convolution(
        engine,
        Shape.matrix(rows, in),
        Shape.matrix(rows, out),
        new Window(1, 1, none, none),
        weights);
  }

  @Override
  public Op addBias(Tensor bias, Tensor y) {
    CudaTensor sum = of(y);
    int channels = sum.shape().channels();
    return engine
        .launch("elementwise", sum.element(), "add_bias")
        .over(sum.elements())
        .tensor(parameter(bias, channels, "bias"))
        .tensor(sum)
        .whole(sum.elements())
        .integer(channels);
  }

  @Override
  public Op biasGradient(Tensor dy, Tensor gradient) {
    CudaTensor from = of(dy);
    int channels = from.shape().channels();
    long rows = from.shape().rows();
    ColumnGrid grid = ColumnGrid.of(from.element(), rows, channels, from.isAligned());
    engine.partials().atLeast(grid.partialBytes(channels));
    Launch sums =
        grid.apply(engine.launch("batchnorm", from.element(), "column_sums"))
            .tensor(from)
            .area(engine.partials())
            .whole(rows)
            .integer(channels)
            .flag(grid.isWide());
    Launch finish =
        ColumnGrid.finish(engine.launch("batchnorm", from.element(), "finish_columns"), channels)
            .area(engine.partials())
            .integer(grid.groups())
            .integer(channels)
            .tensor(parameter(gradient, channels, "bias gradient"));
    return () -> {
      sums.run();
      finish.run();
    };
  }

  @Override
  public BatchNorm batchNorm(
      BatchNorm.Form form, Tensor x, Tensor scale, Tensor shift, double epsilon, Tensor y) {
    if (form == BatchNorm.Form.ADD_RELU) {
      throw new IllegalArgumentException("form=ADD_RELU needs a residual: use batchNormAddRelu");
    }
    return batchNorm(form, x, scale, shift, epsilon, x, y);
  }

  @Override
  public BatchNorm batchNormAddRelu(
      Tensor x, Tensor scale, Tensor shift, double epsilon, Tensor residual, Tensor y) {
    return batchNorm(BatchNorm.Form.ADD_RELU, x, scale, shift, epsilon, residual, y);
  }

  private BatchNorm batchNorm(
      BatchNorm.Form form,
      Tensor x,
      Tensor scale,
      Tensor shift,
      double epsilon,
      Tensor residual,
      Tensor y) {
    CudaTensor input = of(x);
    int channels = input.shape().channels();
    return new CudaBatchNorm(
        engine,
        form,
        input,
        parameter(scale, channels, "scale"),
        parameter(shift, channels, "shift"),
        epsilon,
        like(input, residual, "residual"),
        like(input, y, "y"));
  }

  @Override
  public Op reluBackward(Tensor dy, Tensor y, Tensor dz) {
    CudaTensor output = of(y);
    return engine
        .launch("elementwise", output.element(), "relu_backward")
        .over(output.elements())
        .tensor(like(output, dy, "dy"))
        .tensor(output)
        .tensor(like(output, dz, "dz"))
        .whole(output.elements());
  }

  @Override
  public Op addReluBackward(Tensor a, Tensor b, Tensor y, Tensor dz) {
    CudaTensor output = of(y);
    return engine
        .launch("elementwise", output.element(), "add_relu_backward")
        .over(output.elements())
        .tensor(like(output, a, "a"))
        .tensor(like(output, b, "b"))
        .tensor(output)
        .tensor(like(output, dz, "dz"))
        .whole(output.elements());
  }

  @Override
  public Op addReluBackward(LinearMap map, Tensor dy, Tensor b, Tensor y, Tensor dz) {
    if (!(map instanceof Convolution convolution)) {
      throw new IllegalArgumentException(
          "map=%s is none of device=cuda".formatted(map.getClass().getName()));
    }
    return convolution
        .backwardDataMasked(dy, b, y, dz)
        .orElseGet(() -> Device.super.addReluBackward(map, dy, b, y, dz));
  }

  @Override
  public Op add(Tensor a, Tensor b, Tensor sum) {
    CudaTensor first = of(a);
    return engine
        .launch("elementwise", first.element(), "add")
        .over(first.elements())
        .tensor(first)
        .tensor(like(first, b, "b"))
        .tensor(like(first, sum, "sum"))
        .whole(first.elements());
  }

  @Override
  public Pooling maxPool(Window window, Tensor x, Tensor y) {
    return new MaxPooling(engine, window, of(x), of(y));
  }

  @Override
  public Pooling averagePool(Tensor x, Tensor y) {
    return new AveragePooling(engine, of(x), of(y));
  }

  @Override
  public RegressionLoss regressionLoss(
      Tensor prediction, Tensor projection, double factor, Tensor gradient) {
    CudaTensor q = of(prediction);
    return new CosineLoss(
        engine, flat, q, like(q, projection, "projection"), factor, like(q, gradient, "gradient"));
  }

  @Override
  public Measure projectionSums(Tensor predictions, Tensor projections) {
    CudaTensor z = of(projections);
    return new CudaProjectionSums(engine, flat, like(z, predictions, "predictions"), z);
  }

  @Override
  public void fill(double value, Tensor tensor) {
    flat.fill(value, of(tensor));
  }

  @Override
  public void copy(Tensor from, Tensor to) {
    flat.copy(of(from), of(to));
  }

  @Override
  public void axpby(double alpha, Tensor x, double beta, Tensor y) {
    flat.axpby(alpha, of(x), beta, of(y));
  }

  @Override
  public double dot(Tensor a, Tensor b) {
    return flat.dot(of(a), of(b));
  }

  @Override
  public void update(
      double momentumDecay,
      double trust,
      double weightDecay,
      double learningRate,
      Tensor gradients,
      Tensor momentum,
      Tensor weights) {
    flat.update(
        momentumDecay,
        trust,
        weightDecay,
        learningRate,
        parameter(gradients, gradients.shape().elements(), "gradients"),
        parameter(momentum, momentum.shape().elements(), "momentum"),
        parameter(weights, weights.shape().elements(), "weights"));
  }

  @Override
  public Blend blend(Tensor x, Tensor y) {
    return new CudaBlend(engine, of(x), of(y));
  }

  @Override
  public Measure dots(List<Factors> factors) {
    return factors.isEmpty() ? Device.super.dots(factors) : new CudaDots(engine, factors);
  }

  @Override
  public MomentumStep updates(List<MomentumStep.Range> ranges) {
    return ranges.isEmpty() ? Device.super.updates(ranges) : new CudaMomentumStep(engine, ranges);
  }

  @Override
  public Report report(List<Figures> figures) {
    List<Figures> some = figures.stream().filter(row -> row.length() > 0).toList();
    return some.isEmpty() ? Device.super.report(some) : new CudaReport(engine, some);
  }

  @Override
  public void close() {
    engine.close();
  }

  private CudaTensor of(Tensor tensor) {
    return CudaTensor.of(tensor, engine);
  }

  /** A tensor of as many elements of the same kind. */
  private CudaTensor like(CudaTensor other, Tensor tensor, String role) {
    return CudaTensor.of(tensor, engine, other.element(), other.elements(), role);
  }

  /** A tensor of float32, as parameters and their gradients are. */
  private CudaTensor parameter(Tensor tensor, long elements, String role) {
    return CudaTensor.of(tensor, engine, Element.FP32, elements, role);
  }
}
