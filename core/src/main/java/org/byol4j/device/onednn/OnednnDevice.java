package org.byol4j.device.onednn;

import java.nio.FloatBuffer;
import java.util.Locale;
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
import org.byol4j.device.Pooling;
import org.byol4j.device.RegressionLoss;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.Window;

/**
 * A CPU through oneDNN, float32.
 *
 * <p>It computes with {@link ComputeSettings#threads} threads of its own, whichever thread drives
 * it, and its results depend on that number: oneDNN splits sums among threads. Operations live as
 * long as the device; using one whose tensors were closed is an {@link IllegalStateException}.
 */
public final class OnednnDevice implements Device {

  private static final String NAME = "onednn";
  private static final int TRANSFER = 1 << 16;

  private final Engine engine;
  private final FlatOperations flat;
  private final ComputeSettings.Convolution convolution;
  private final float[] transfer = new float[TRANSFER];

  /**
   * @throws IllegalArgumentException if the settings ask for something else
   * @throws DeviceUnavailableException if oneDNN's natives cannot be loaded
   */
  public OnednnDevice(ComputeSettings settings) {
    this(settings, HostMemory.ofThisMachine());
  }

  /**
   * @param host what memory there is
   */
  OnednnDevice(ComputeSettings settings, HostMemory host) {
    Arguments.requireFloat32(settings, NAME);
    convolution = settings.convolution();
    engine = new Engine(settings.threads(), host);
    flat = new FlatOperations(engine);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Map<String, String> fingerprint() {
    Map<String, String> facts = new TreeMap<>();
    facts.put("device", name());
    facts.put("onednn", engine.library().version());
    facts.put("instructionSet", engine.library().instructionSet());
    facts.put("convolution", convolution.name().toLowerCase(Locale.ROOT));
    facts.put("threads", Integer.toString(engine.threads()));
    return facts;
  }

  @Override
  public int threads() {
    return engine.threads();
  }

  @Override
  public Tensor allocate(Shape shape) {
    return NativeTensor.allocate(engine, DeviceMemory.Purpose.PARAMETERS, shape);
  }

  @Override
  public Tensor allocateActivations(Shape shape) {
    return NativeTensor.allocate(engine, DeviceMemory.Purpose.ACTIVATIONS, shape);
  }

  @Override
  public HostWindow host(Tensor tensor) {
    return new NativeWindow(of(tensor));
  }

  @Override
  public void write(FloatBuffer from, Tensor to) {
    NativeTensor target = of(to);
    target.memory().requireOpen();
    Arguments.requireRemaining(from, target);
    for (long at = 0; at < target.elements(); at += TRANSFER) {
      int count = (int) Math.min(TRANSFER, target.elements() - at);
      from.get(transfer, 0, count);
      target.put(at, transfer, count);
    }
    target.memory().changed();
  }

  @Override
  public void read(Tensor from, FloatBuffer to) {
    NativeTensor source = of(from);
    source.memory().requireOpen();
    Arguments.requireRemaining(to, source);
    for (long at = 0; at < source.elements(); at += TRANSFER) {
      int count = (int) Math.min(TRANSFER, source.elements() - at);
      source.get(at, transfer, count);
      to.put(transfer, 0, count);
    }
  }

  @Override
  public LinearMap convolution(Shape input, Shape output, Window window, Tensor weights) {
    engine.enter();
    if (convolution == ComputeSettings.Convolution.AUTO
        && WinogradConvolution.suits(input, output, window)) {
      return new WinogradConvolution(engine, input, output, window, weights);
    }
    return new Convolution(engine, input, output, window, weights);
  }

  @Override
  public LinearMap matrixProduct(int rows, int in, int out, Tensor weights) {
    engine.enter();
    return new MatrixProduct(engine, rows, in, out, weights);
  }

  @Override
  public Op addBias(Tensor bias, Tensor y) {
    engine.enter();
    NativeTensor sum = of(y);
    return new Elementwise(engine).addBias(of(bias, sum.shape().channels(), "bias"), sum);
  }

  @Override
  public Op biasGradient(Tensor dy, Tensor gradient) {
    NativeTensor rows = of(dy);
    return new ColumnSums(rows, of(gradient, rows.shape().channels(), "bias gradient"));
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
    engine.enter();
    NativeTensor input = of(x);
    int channels = input.shape().channels();
    return new OnednnBatchNorm(
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
    engine.enter();
    NativeTensor output = of(y);
    long elements = output.elements();
    return new Elementwise(engine)
        .reluBackward(of(dy, elements, "dy"), output, of(dz, elements, "dz"));
  }

  @Override
  public Op add(Tensor a, Tensor b, Tensor sum) {
    engine.enter();
    NativeTensor first = of(a);
    long elements = first.elements();
    return new Elementwise(engine).add(first, of(b, elements, "b"), of(sum, elements, "sum"));
  }

  @Override
  public Pooling maxPool(Window window, Tensor x, Tensor y) {
    engine.enter();
    return OnednnPooling.max(engine, window, of(x), of(y));
  }

  @Override
  public Pooling averagePool(Tensor x, Tensor y) {
    engine.enter();
    return OnednnPooling.average(engine, of(x), of(y));
  }

  @Override
  public RegressionLoss regressionLoss(
      Tensor prediction, Tensor projection, double factor, Tensor gradient) {
    NativeTensor q = of(prediction);
    return new CosineLoss(
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

  private NativeTensor of(Tensor tensor) {
    return NativeTensor.of(tensor, engine);
  }

  private NativeTensor of(Tensor tensor, long elements, String role) {
    return NativeTensor.of(tensor, engine, elements, role);
  }
}
