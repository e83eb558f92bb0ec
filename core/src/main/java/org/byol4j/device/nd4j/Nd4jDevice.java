package org.byol4j.device.nd4j;

import java.nio.FloatBuffer;
import java.util.Map;
import java.util.TreeMap;
import org.byol4j.device.Arguments;
import org.byol4j.device.BatchNorm;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.DeviceMemory;
import org.byol4j.device.DeviceUnavailableException;
import org.byol4j.device.HostMemory;
import org.byol4j.device.HostWindow;
import org.byol4j.device.LinearMap;
import org.byol4j.device.Op;
import org.byol4j.device.Padding;
import org.byol4j.device.Pooling;
import org.byol4j.device.RegressionLoss;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.Window;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Whatever ND4J computes with, float32: the backend that lies on the class path.
 *
 * <p>Running an operation allocates no tensor; ND4J itself makes short-lived objects of a few
 * hundred bytes on the heap for each of its operations, and its convolutions copies of their
 * weights in native memory, which it frees at once.
 */
public final class Nd4jDevice implements Device {

  private static final String NAME = "nd4j";
  private static final int TRANSFER = 1 << 16;

  private final Engine engine;
  private final FlatOperations flat;
  private final float[] transfer = new float[TRANSFER];

  /**
   * @throws IllegalArgumentException if the settings ask for something else
   * @throws DeviceUnavailableException if ND4J has no backend that runs here, saying what is
   *     missing
   */
  public Nd4jDevice(ComputeSettings settings) {
    this(settings, HostMemory.ofThisMachine());
  }

  /**
   * @param host what memory there is
   */
  Nd4jDevice(ComputeSettings settings, HostMemory host) {
    Arguments.requireFloat32(settings, NAME);
    if (settings.convolution() != ComputeSettings.Convolution.AUTO) {
      throw new IllegalArgumentException(
          "convolution=direct is not supported by device=nd4j, where the backend chooses:"
              + " expected auto");
    }
    engine = new Engine(Nd4jLibrary.load(), settings.threads(), host);
    flat = new FlatOperations(engine);
  }

  /** Whether the backend that it would take is one for GPUs; loads none. */
  public static boolean isForGpu() {
    return Nd4jLibrary.isForGpu();
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Map<String, String> fingerprint() {
    Map<String, String> facts = new TreeMap<>();
    facts.put("device", name());
    facts.put("nd4j", engine.library().built());
    facts.put("backend", engine.library().backend());
    facts.put("instructionLevel", Integer.toString(engine.library().instructionLevel()));
    facts.put("threads", Integer.toString(engine.threads()));
    return facts;
  }

  @Override
  public int threads() {
    return engine.threads();
  }

  @Override
  public Tensor allocate(Shape shape) {
    return allocate(DeviceMemory.Purpose.PARAMETERS, shape);
  }

  @Override
  public Tensor allocateActivations(Shape shape) {
    return allocate(DeviceMemory.Purpose.ACTIVATIONS, shape);
  }

  private Tensor allocate(DeviceMemory.Purpose purpose, Shape shape) {
    Memory memory = engine.allocate(purpose, DataType.FLOAT, shape.elements());
    return Nd4jTensor.owning(engine, memory, shape);
  }

  @Override
  public HostWindow host(Tensor tensor) {
    return new Nd4jWindow(engine, of(tensor));
  }

  @Override
  public void write(FloatBuffer from, Tensor to) {
    Nd4jTensor target = of(to);
    Arguments.requireRemaining(from, target);
    engine.forgetGradient();
    for (long at = 0; at < target.elements(); at += TRANSFER) {
      int count = (int) Math.min(TRANSFER, target.elements() - at);
      from.get(transfer, 0, count);
      target.memory().put(target.offset() + at, transfer, count);
    }
  }

  @Override
  public void read(Tensor from, FloatBuffer to) {
    Nd4jTensor source = of(from);
    Arguments.requireRemaining(to, source);
    for (long at = 0; at < source.elements(); at += TRANSFER) {
      int count = (int) Math.min(TRANSFER, source.elements() - at);
      source.memory().get(source.offset() + at, transfer, count);
      to.put(transfer, 0, count);
    }
  }

  @Override
  public LinearMap convolution(Shape input, Shape output, Window window, Tensor weights) {
    if (isMatrixProduct(window)) {
      return new MatrixProduct(engine, input.rows(), input.channels(), output.channels(), weights);
    }
    return new Convolution(engine, input, output, window, weights);
  }

  /** ND4J's gradients of such convolutions take three times as long as the products. */
  private static boolean isMatrixProduct(Window window) {
    Padding none = Padding.both(0);
    return window.equals(new Window(1, 1, none, none));
  }

  @Override
  public LinearMap matrixProduct(int rows, int in, int out, Tensor weights) {
    return new MatrixProduct(engine, rows, in, out, weights);
  }

  @Override
  public Op addBias(Tensor bias, Tensor y) {
    Nd4jTensor sum = of(y);
    Operand rows = sum.matrix();
    return new Call(engine, "add")
        .in(rows, of(bias, sum.shape().channels(), "bias").flat())
        .out(rows);
  }

  @Override
  public Op biasGradient(Tensor dy, Tensor gradient) {
    Nd4jTensor from = of(dy);
    int channels = from.shape().channels();
    Nd4jTensor sum = of(gradient, channels, "bias gradient");
    ColumnSums sums =
        new ColumnSums(engine, from.memory(), from.offset(), from.shape().rows(), channels, false);
    ChannelVector share = new ChannelVector(engine, channels);
    Op add = new Call(engine, "add").in(sum.flat(), share.operand()).out(sum.flat());
    double[] taken = new double[channels];
    return () -> {
      sums.take(taken);
      for (int c = 0; c < channels; c++) {
        share.values()[c] = (float) taken[c];
      }
      share.store();
      add.run();
    };
  }

  @Override
  public BatchNorm batchNorm(
      BatchNorm.Form form, Tensor x, Tensor scale, Tensor shift, double epsilon, Tensor y) {
    Arguments.requireNoResidual(form);
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
    Nd4jTensor input = of(x);
    int channels = input.shape().channels();
    return new Nd4jBatchNorm(
        engine,
        form,
        input,
        of(scale, channels, "scale"),
        of(shift, channels, "shift"),
        epsilon,
        of(residual, input.elements(), "residual"),
        of(y, input.elements(), "y"));
  }

  @Override
  public Op reluBackward(Tensor dy, Tensor y, Tensor dz) {
    Nd4jTensor output = of(y);
    long elements = output.elements();
    return new Call(engine, "relu_bp")
        .in(output.flat(), of(dy, elements, "dy").flat())
        .out(of(dz, elements, "dz").flat());
  }

  @Override
  public Op add(Tensor a, Tensor b, Tensor sum) {
    Nd4jTensor first = of(a);
    long elements = first.elements();
    return new Call(engine, "add")
        .in(first.flat(), of(b, elements, "b").flat())
        .out(of(sum, elements, "sum").flat());
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
    Nd4jTensor q = of(prediction);
    return new CosineLoss(
        engine,
        q,
        of(projection, q.elements(), "projection"),
        factor,
        of(gradient, q.elements(), "gradient"));
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
        momentumDecay, trust, weightDecay, learningRate, of(gradients), of(momentum), of(weights));
  }

  @Override
  public void close() {
    engine.close();
  }

  private Nd4jTensor of(Tensor tensor) {
    return Nd4jTensor.of(tensor, engine);
  }

  private Nd4jTensor of(Tensor tensor, long elements, String role) {
    return Nd4jTensor.of(tensor, engine, elements, role);
  }
}
