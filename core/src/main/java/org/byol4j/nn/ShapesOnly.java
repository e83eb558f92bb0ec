package org.byol4j.nn;

import java.nio.FloatBuffer;
import java.util.Map;
import org.byol4j.device.BatchNorm;
import org.byol4j.device.Device;
import org.byol4j.device.HostWindow;
import org.byol4j.device.LinearMap;
import org.byol4j.device.Op;
import org.byol4j.device.Pooling;
import org.byol4j.device.RegressionLoss;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.Window;

/**
 * What a plan is laid out on to learn its size: tensors have shapes and no memory, and nothing can
 * be computed. It counts what is asked for.
 */
final class ShapesOnly implements Device {
  private long elements;

  /** How many elements all tensors together would have. */
  long elements() {
    return elements;
  }

  private record Outline(Shape shape) implements Tensor {

    @Override
    public Tensor view(long offset, Shape extent) {
      return new Outline(extent);
    }

    @Override
    public void close() {}
  }

  /** A product that can be planned and not made. */
  private record Unmade() implements LinearMap {

    @Override
    public Op forward(Tensor x, Tensor y) {
      throw nothing();
    }

    @Override
    public Op backwardData(Tensor dy, Tensor dx) {
      throw nothing();
    }

    @Override
    public Op backwardWeights(Tensor x, Tensor dy, Tensor gradient) {
      throw nothing();
    }
  }

  private static UnsupportedOperationException nothing() {
    return new UnsupportedOperationException("tensors without memory: nothing can be computed");
  }

  @Override
  public Tensor allocate(Shape shape) {
    elements += shape.elements();
    return new Outline(shape);
  }

  @Override
  public LinearMap convolution(Shape input, Shape output, Window window, Tensor weights) {
    return new Unmade();
  }

  @Override
  public LinearMap matrixProduct(int rows, int in, int out, Tensor weights) {
    return new Unmade();
  }

  @Override
  public String name() {
    return "shapes only";
  }

  @Override
  public Map<String, String> fingerprint() {
    return Map.of();
  }

  @Override
  public int threads() {
    return 1;
  }

  @Override
  public HostWindow host(Tensor tensor) {
    throw nothing();
  }

  @Override
  public void write(FloatBuffer from, Tensor to) {
    throw nothing();
  }

  @Override
  public void read(Tensor from, FloatBuffer to) {
    throw nothing();
  }

  @Override
  public Op addBias(Tensor bias, Tensor y) {
    throw nothing();
  }

  @Override
  public Op biasGradient(Tensor dy, Tensor gradient) {
    throw nothing();
  }

  @Override
  public BatchNorm batchNorm(
      BatchNorm.Form form, Tensor x, Tensor scale, Tensor shift, double epsilon, Tensor y) {
    throw nothing();
  }

  @Override
  public BatchNorm batchNormAddRelu(
      Tensor x, Tensor scale, Tensor shift, double epsilon, Tensor residual, Tensor y) {
    throw nothing();
  }

  @Override
  public Op reluBackward(Tensor dy, Tensor y, Tensor dz) {
    throw nothing();
  }

  @Override
  public Op add(Tensor a, Tensor b, Tensor sum) {
    throw nothing();
  }

  @Override
  public Pooling maxPool(Window window, Tensor x, Tensor y) {
    throw nothing();
  }

  @Override
  public Pooling averagePool(Tensor x, Tensor y) {
    throw nothing();
  }

  @Override
  public RegressionLoss regressionLoss(
      Tensor prediction, Tensor projection, double factor, Tensor gradient) {
    throw nothing();
  }

  @Override
  public void fill(double value, Tensor tensor) {
    throw nothing();
  }

  @Override
  public void copy(Tensor from, Tensor to) {
    throw nothing();
  }

  @Override
  public void axpby(double alpha, Tensor x, double beta, Tensor y) {
    throw nothing();
  }

  @Override
  public double dot(Tensor a, Tensor b) {
    throw nothing();
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
    throw nothing();
  }

  @Override
  public void close() {}
}
