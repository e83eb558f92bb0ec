package org.byol4j.device;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The measure for all devices: float64, plain Java, written straight from the formulas.
 *
 * <p>Beyond a device's operations it gives its elements as they are, so that tests need not go
 * through float32.
 */
public final class ReferenceDevice implements Device {
  private final List<ReferenceTensor> allocated = new ArrayList<>();

  @Override
  public String name() {
    return "reference";
  }

  @Override
  public Map<String, String> fingerprint() {
    return Map.of("java", Runtime.version().toString());
  }

  @Override
  public int threads() {
    return 1;
  }

  @Override
  public int elementBytes() {
    return Double.BYTES;
  }

  @Override
  public Tensor allocate(Shape shape) {
    ReferenceTensor tensor = ReferenceTensor.allocate(this, shape);
    allocated.add(tensor);
    return tensor;
  }

  /** Returns a copy of the elements. */
  public double[] values(Tensor tensor) {
    ReferenceTensor from = of(tensor);
    return Arrays.copyOfRange(from.array(), from.offset(), from.offset() + from.length());
  }

  /** Copies {@code to.shape().elements()} values in, without loss. */
  public void write(double[] from, Tensor to) {
    ReferenceTensor target = requireLength("tensor", from.length, to);
    System.arraycopy(from, 0, target.array(), target.offset(), from.length);
  }

  @Override
  public HostWindow host(Tensor tensor) {
    return new ReferenceHostWindow(of(tensor));
  }

  @Override
  public void write(FloatBuffer from, Tensor to) {
    ReferenceTensor target = of(to);
    for (int i = 0; i < target.length(); i++) {
      target.array()[target.offset() + i] = from.get();
    }
  }

  @Override
  public void read(Tensor from, FloatBuffer to) {
    ReferenceTensor source = of(from);
    for (int i = 0; i < source.length(); i++) {
      to.put((float) source.array()[source.offset() + i]);
    }
  }

  @Override
  public LinearMap convolution(Shape input, Shape output, Window window, Tensor weights) {
    return new ReferenceLinearMap(input, output, window, of(weights));
  }

  @Override
  public LinearMap matrixProduct(int rows, int in, int out, Tensor weights) {
    Window one = new Window(1, 1, Padding.both(0), Padding.both(0));
    return convolution(Shape.matrix(rows, in), Shape.matrix(rows, out), one, weights);
  }

  @Override
  public Op addBias(Tensor bias, Tensor y) {
    int channels = y.shape().channels();
    ReferenceTensor from = requireLength("bias", channels, bias);
    ReferenceTensor to = of(y);
    return () -> {
      for (int i = 0; i < to.length(); i++) {
        to.array()[to.offset() + i] += from.array()[from.offset() + i % channels];
      }
    };
  }

  @Override
  public Op biasGradient(Tensor dy, Tensor gradient) {
    int channels = dy.shape().channels();
    ReferenceTensor from = of(dy);
    ReferenceTensor to = requireLength("gradient", channels, gradient);
    return () -> {
      for (int i = 0; i < from.length(); i++) {
        to.array()[to.offset() + i % channels] += from.array()[from.offset() + i];
      }
    };
  }

  @Override
  public BatchNorm batchNorm(
      BatchNorm.Form form, Tensor x, Tensor scale, Tensor shift, double epsilon, Tensor y) {
    Arguments.requireNoResidual(form);
    return new ReferenceBatchNorm(form, of(x), of(scale), of(shift), epsilon, of(x), of(y));
  }

  @Override
  public BatchNorm batchNormAddRelu(
      Tensor x, Tensor scale, Tensor shift, double epsilon, Tensor residual, Tensor y) {
    return new ReferenceBatchNorm(
        BatchNorm.Form.ADD_RELU, of(x), of(scale), of(shift), epsilon, of(residual), of(y));
  }

  @Override
  public Op reluBackward(Tensor dy, Tensor y, Tensor dz) {
    ReferenceTensor gradient = of(dy);
    ReferenceTensor mask = requireLength("y", gradient.length(), y);
    ReferenceTensor to = requireLength("dz", gradient.length(), dz);
    return () -> {
      for (int i = 0; i < to.length(); i++) {
        boolean passes = mask.array()[mask.offset() + i] > 0;
        to.array()[to.offset() + i] = passes ? gradient.array()[gradient.offset() + i] : 0;
      }
    };
  }

  @Override
  public Op add(Tensor a, Tensor b, Tensor sum) {
    ReferenceTensor first = of(a);
    ReferenceTensor second = requireLength("b", first.length(), b);
    ReferenceTensor to = requireLength("sum", first.length(), sum);
    return () -> {
      for (int i = 0; i < to.length(); i++) {
        to.array()[to.offset() + i] =
            first.array()[first.offset() + i] + second.array()[second.offset() + i];
      }
    };
  }

  @Override
  public Pooling maxPool(Window window, Tensor x, Tensor y) {
    return new ReferenceMaxPool(window, of(x), of(y));
  }

  @Override
  public Pooling averagePool(Tensor x, Tensor y) {
    return new ReferenceAveragePool(of(x), of(y));
  }

  @Override
  public RegressionLoss regressionLoss(
      Tensor prediction, Tensor projection, double factor, Tensor gradient) {
    return new ReferenceRegressionLoss(of(prediction), of(projection), factor, of(gradient));
  }

  @Override
  public void fill(double value, Tensor tensor) {
    ReferenceTensor to = of(tensor);
    Arrays.fill(to.array(), to.offset(), to.offset() + to.length(), value);
  }

  @Override
  public void copy(Tensor from, Tensor to) {
    ReferenceTensor source = of(from);
    ReferenceTensor target = requireLength("to", source.length(), to);
    System.arraycopy(
        source.array(), source.offset(), target.array(), target.offset(), source.length());
  }

  @Override
  public void axpby(double alpha, Tensor x, double beta, Tensor y) {
    ReferenceTensor from = of(x);
    ReferenceTensor to = requireLength("y", from.length(), y);
    for (int i = 0; i < to.length(); i++) {
      double kept = beta == 0 ? 0 : beta * to.array()[to.offset() + i];
      to.array()[to.offset() + i] = alpha * from.array()[from.offset() + i] + kept;
    }
  }

  @Override
  public double dot(Tensor a, Tensor b) {
    ReferenceTensor first = of(a);
    ReferenceTensor second = requireLength("b", first.length(), b);
    double sum = 0;
    for (int i = 0; i < first.length(); i++) {
      sum += first.array()[first.offset() + i] * second.array()[second.offset() + i];
    }
    return sum;
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
    ReferenceTensor g = of(gradients);
    ReferenceTensor m = requireLength("momentum", g.length(), momentum);
    ReferenceTensor p = requireLength("weights", g.length(), weights);
    for (int i = 0; i < p.length(); i++) {
      double weight = p.array()[p.offset() + i];
      double gradient = g.array()[g.offset() + i] + weightDecay * weight;
      double step = momentumDecay * m.array()[m.offset() + i] + trust * gradient;
      m.array()[m.offset() + i] = step;
      p.array()[p.offset() + i] = weight - learningRate * step;
    }
  }

  @Override
  public void close() {
    allocated.forEach(ReferenceTensor::close);
  }

  static void zero(ReferenceTensor tensor) {
    Arrays.fill(tensor.array(), tensor.offset(), tensor.offset() + tensor.length(), 0);
  }

  /** Returns {@code tensor}, which must be as long as the operation asks. */
  static ReferenceTensor requireLength(String name, long elements, Tensor tensor) {
    if (tensor instanceof ReferenceTensor reference) {
      return Arguments.requireElements(reference, elements, name);
    }
    throw Arguments.ofAnotherDevice(tensor, "reference");
  }

  private ReferenceTensor of(Tensor tensor) {
    if (tensor instanceof ReferenceTensor reference && reference.device() == this) {
      return reference;
    }
    throw Arguments.ofAnotherDevice(tensor, name());
  }
}
