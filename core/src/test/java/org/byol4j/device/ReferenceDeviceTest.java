package org.byol4j.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.function.DoubleSupplier;
import org.byol4j.device.BatchNorm.Form;
import org.junit.jupiter.api.Test;

/** The reference keeps its own contract, and agrees with hand-made numbers and differences. */
final class ReferenceDeviceTest extends DeviceContractTest {
  private final ReferenceDevice device = new ReferenceDevice();
  private final Random random = new Random(7);

  @Override
  protected Device newDevice() {
    return new ReferenceDevice();
  }

  /** What reading through float32 costs. */
  @Override
  protected double tolerance() {
    return 1e-7;
  }

  @Override
  protected double localStatisticsTolerance() {
    return 1e-7;
  }

  @Test
  void convolutionOfAHandMadeImage() {
    Window window = new Window(2, 1, new Padding(0, 1), new Padding(0, 0));
    Tensor weights = tensor(Shape.vector(4), 1, 2, 3, 4);
    Tensor x = tensor(new Shape(1, 2, 3, 1), 1, 2, 3, 4, 5, 6);
    Tensor y = device.allocate(new Shape(1, 2, 2, 1));
    device.convolution(x.shape(), y.shape(), window, weights).forward(x, y).run();
    // top row: 1*1 + 2*2 + 3*4 + 4*5 and one to the right; bottom row: the padding adds nothing
    assertThat(device.values(y)).containsExactly(37, 47, 14, 17);
  }

  @Test
  void convolutionWeightsAreOutputInputHeightWidth() {
    Window window = new Window(1, 1, Padding.both(0), Padding.both(0));
    Tensor weights = tensor(Shape.vector(6), 1, 2, 3, 4, 5, 6);
    Tensor x = tensor(new Shape(1, 1, 1, 3), 1, 10, 100);
    Tensor y = device.allocate(new Shape(1, 1, 1, 2));
    device.convolution(x.shape(), y.shape(), window, weights).forward(x, y).run();
    assertThat(device.values(y)).containsExactly(321, 654);
  }

  @Test
  void batchNormOfTheRecipesExample() {
    Tensor x = tensor(Shape.matrix(4, 2), 1, 10, 2, 20, 3, 60, 6, 30);
    Tensor y = device.allocate(x.shape());
    device
        .batchNorm(
            Form.PLAIN, x, tensor(Shape.vector(2), 1, 1), tensor(Shape.vector(2), 0, 0), 1e-5, y)
        .forwardLocal();
    assertThat(device.values(y)[0]).isCloseTo(-1.06904344, within(1e-8));
    assertThat(device.values(y)[1]).isCloseTo(-1.06904495, within(1e-8));
  }

  @Test
  void lossOfTheRecipesExample() {
    Tensor p = tensor(Shape.matrix(1, 2), 3, 4);
    Tensor z = tensor(Shape.matrix(1, 2), 4, 3);
    Tensor gradient = device.allocate(p.shape());
    RegressionLoss loss = device.regressionLoss(p, z, 1, gradient);
    loss.run();
    assertThat(loss.value()).isCloseTo(0.08, within(1e-15));
  }

  @Test
  void maxPoolOfAHandMadeImage() {
    Window window = new Window(3, 2, new Padding(0, 1), new Padding(0, 1));
    Tensor x =
        tensor(
            new Shape(1, 4, 4, 1), -1, -2, -3, -4, -5, -6, -7, -8, -9, -1, -2, -3, -4, -5, -6, -7);
    Tensor y = device.allocate(new Shape(1, 2, 2, 1));
    device.maxPool(window, x, y).forward().run();
    assertThat(device.values(y)).containsExactly(-1, -2, -1, -2);
  }

  @Test
  void convolutionGradientsAreThoseOfCentralDifferences() {
    Window window = new Window(3, 2, new Padding(0, 1), new Padding(1, 1));
    Shape input = new Shape(2, 4, 5, 3);
    Shape output = window.output(input, 2);
    Tensor weights = randomTensor(Shape.vector(3 * 2 * 9));
    Tensor x = randomTensor(input);
    Tensor y = device.allocate(output);
    Tensor dy = randomTensor(output);
    Tensor dx = device.allocate(input);
    Tensor gradient = device.allocate(weights.shape());
    LinearMap map = device.convolution(input, output, window, weights);
    Op forward = map.forward(x, y);
    map.backwardData(dy, dx).run();
    map.backwardWeights(x, dy, gradient).run();
    DoubleSupplier objective =
        () -> {
          forward.run();
          return device.dot(y, dy);
        };
    expectGradient(objective, x, dx);
    expectGradient(objective, weights, gradient);
  }

  @Test
  void batchNormGradientsAreThoseOfCentralDifferences() {
    for (Form form : new Form[] {Form.PLAIN, Form.RELU}) {
      Shape shape = new Shape(3, 2, 2, 3);
      Tensor x = randomTensor(shape);
      Tensor scale = randomTensor(Shape.vector(3));
      Tensor shift = randomTensor(Shape.vector(3));
      Tensor y = device.allocate(shape);
      Tensor dy = randomTensor(shape);
      Tensor dx = device.allocate(shape);
      Tensor dScale = device.allocate(Shape.vector(3));
      Tensor dShift = device.allocate(Shape.vector(3));
      BatchNorm norm = device.batchNorm(form, x, scale, shift, 1e-5, y);
      DoubleSupplier objective =
          () -> {
            norm.forwardLocal();
            return device.dot(y, dy);
          };
      norm.forwardLocal();
      norm.backward(dy, dx, dScale, dShift).local();
      expectGradient(objective, x, dx);
      expectGradient(objective, scale, dScale);
      expectGradient(objective, shift, dShift);
    }
  }

  @Test
  void residualBatchNormGradientsAreThoseOfCentralDifferences() {
    Shape shape = new Shape(3, 2, 2, 3);
    Tensor x = randomTensor(shape);
    Tensor scale = randomTensor(Shape.vector(3));
    Tensor shift = randomTensor(Shape.vector(3));
    Tensor residual = randomTensor(shape);
    Tensor y = device.allocate(shape);
    Tensor dy = randomTensor(shape);
    Tensor dSum = device.allocate(shape);
    Tensor dx = device.allocate(shape);
    Tensor dScale = device.allocate(Shape.vector(3));
    BatchNorm norm = device.batchNormAddRelu(x, scale, shift, 1e-5, residual, y);
    DoubleSupplier objective =
        () -> {
          norm.forwardLocal();
          return device.dot(y, dy);
        };
    norm.forwardLocal();
    device.reluBackward(dy, y, dSum).run();
    norm.backward(dSum, dx, dScale, device.allocate(Shape.vector(3))).local();
    expectGradient(objective, x, dx);
    expectGradient(objective, residual, dSum);
    expectGradient(objective, scale, dScale);
  }

  @Test
  void poolingGradientsAreThoseOfCentralDifferences() {
    Window window = new Window(3, 2, new Padding(0, 1), new Padding(1, 1));
    Tensor x = randomTensor(new Shape(2, 4, 5, 3));
    Tensor maxima = device.allocate(window.output(x.shape(), 3));
    Tensor means = device.allocate(Shape.matrix(2, 3));
    expectPoolingGradient(device.maxPool(window, x, maxima), x, maxima);
    expectPoolingGradient(device.averagePool(x, means), x, means);
  }

  private void expectPoolingGradient(Pooling pooling, Tensor x, Tensor y) {
    Tensor dy = randomTensor(y.shape());
    Tensor dx = device.allocate(x.shape());
    DoubleSupplier objective =
        () -> {
          pooling.forward().run();
          return device.dot(y, dy);
        };
    pooling.forward().run();
    pooling.backward(dy, dx).run();
    expectGradient(objective, x, dx);
  }

  @Test
  void lossGradientIsThatOfCentralDifferences() {
    Tensor prediction = randomTensor(Shape.matrix(3, 4));
    Tensor projection = randomTensor(Shape.matrix(3, 4));
    Tensor gradient = device.allocate(prediction.shape());
    RegressionLoss loss = device.regressionLoss(prediction, projection, 0.25, gradient);
    loss.run();
    Tensor kept = device.allocate(gradient.shape());
    device.copy(gradient, kept);
    expectGradient(
        () -> {
          loss.run();
          return 0.25 * loss.value();
        },
        prediction,
        kept);
  }

  /** Expects {@code gradient} to be the derivative of {@code objective} by each variable. */
  private void expectGradient(DoubleSupplier objective, Tensor variable, Tensor gradient) {
    double[] expected = device.values(gradient);
    double step = 1e-5;
    for (int i = 0; i < expected.length; i++) {
      Tensor element = variable.view(i, Shape.vector(1));
      double value = device.values(element)[0];
      device.fill(value + step, element);
      double above = objective.getAsDouble();
      device.fill(value - step, element);
      double below = objective.getAsDouble();
      device.fill(value, element);
      assertThat((above - below) / (2 * step))
          .as("element %d", i)
          .isCloseTo(expected[i], within(1e-7));
    }
  }

  private Tensor tensor(Shape shape, double... values) {
    Tensor tensor = device.allocate(shape);
    device.write(values, tensor);
    return tensor;
  }

  private Tensor randomTensor(Shape shape) {
    return tensor(shape, random.doubles(shape.elements(), -2, 2).toArray());
  }
}
