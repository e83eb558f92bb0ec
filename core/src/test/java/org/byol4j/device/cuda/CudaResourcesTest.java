package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.byol4j.device.BatchNorm;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.DeviceMemoryError;
import org.byol4j.device.Factors;
import org.byol4j.device.LinearMap;
import org.byol4j.device.Measure;
import org.byol4j.device.MomentumStep;
import org.byol4j.device.Op;
import org.byol4j.device.Padding;
import org.byol4j.device.Pooling;
import org.byol4j.device.Report;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.Window;
import org.byol4j.device.cuda.HostGpu.Order;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory, order and precision of the device, which the contract says nothing about. */
class CudaResourcesTest {
  private static final Shape IMAGES = new Shape(3, 9, 8, 24);
  private static final Shape FEWER = new Shape(3, 5, 4, 24);
  private static final Shape ROWS = Shape.matrix(3, 24);

  @BeforeAll
  static void requireCompiler() {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
  }

  @ParameterizedTest
  @ValueSource(strings = {"fp32", "bf16"})
  void runningOperationsAllocatesNoMemoryOfTheGpu(String precision) {
    HostGpu gpu = new HostGpu(Order.FORWARDS);
    try (CudaDevice device = HostCuda.open(precision, gpu)) {
      List<Op> step = everyOperation(device, new ArrayList<>());
      step.forEach(Op::run);
      long before = gpu.allocations();
      step.forEach(Op::run);

      assertThat(gpu.allocations()).isEqualTo(before);
    }
  }

  @Test
  void whatTrialsLackIsToldWithTheirMemoryCountedAsWorkspace() {
    Shape images = new Shape(1, 32, 32, 8);
    long room = 3 * images.elements() * Float.BYTES + (1 << 17);
    HostGpu gpu = new HostGpu(Order.FORWARDS, room);
    try (CudaDevice device = HostCuda.open("fp32", gpu);
        Tensor x = device.allocateActivations(images);
        Tensor dy = device.allocateActivations(images)) {
      Tensor weights = device.allocate(Shape.vector(8 * 8 * 9));
      Window window = new Window(3, 1, Padding.both(1), Padding.both(1));
      LinearMap convolution = device.convolution(images, images, window, weights);
      long before = gpu.held();
      gpu.haveTrialsWorkOn(images.elements() * Float.BYTES);
      convolution.backwardWeights(x, dy, device.allocate(weights.shape()));
      gpu.haveTrialsWorkOn(room);

      assertThatThrownBy(() -> convolution.backwardWeights(x, dy, device.allocate(weights.shape())))
          .isInstanceOfSatisfying(
              DeviceMemoryError.class,
              error ->
                  assertThat(error.memory().workspace())
                      .isGreaterThanOrEqualTo(weights.shape().elements() * Float.BYTES));
      // both gradients, and the area that the first is made in
      assertThat(gpu.held()).isEqualTo((int) before + 3);
    }
  }

  @Test
  void closingFreesEverything() {
    HostGpu gpu = new HostGpu(Order.FORWARDS);
    CudaDevice device = HostCuda.open("fp32", gpu);
    everyOperation(device, new ArrayList<>()).forEach(Op::run);
    device.host(device.allocate(ROWS)).read(0, 3);
    assertThat(gpu.held()).isPositive();

    device.close();

    assertThat(gpu.held()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"fp32", "bf16"})
  void bitsDoNotDependOnTheOrderOfBlocksAndThreads(String precision) {
    assertThat(results(precision, Order.BACKWARDS))
        .isDeepEqualTo(results(precision, Order.FORWARDS));
  }

  private static float[][] results(String precision, Order order) {
    try (CudaDevice device = HostCuda.open(precision, new HostGpu(order))) {
      List<Tensor> tensors = new ArrayList<>();
      everyOperation(device, tensors).forEach(Op::run);
      return tensors.stream().map(tensor -> read(device, tensor)).toArray(float[][]::new);
    }
  }

  @Test
  void activationsInBfloat16AreTheRoundedOnesOfFloat32() {
    float[] wide = normalized("fp32");
    float[] narrow = normalized("bf16");
    for (int i = 0; i < wide.length; i++) {
      assertThat(narrow[i]).as("element %d", i).isEqualTo(rounded(wide[i]));
    }
  }

  /** What a batch normalization makes of values that bfloat16 has. */
  private static float[] normalized(String precision) {
    try (CudaDevice device = HostCuda.open(precision, new HostGpu(Order.FORWARDS))) {
      Tensor x = device.allocateActivations(IMAGES);
      float[] values = random(x, 3);
      for (int i = 0; i < values.length; i++) {
        values[i] = rounded(values[i]);
      }
      device.write(FloatBuffer.wrap(values), x);
      Tensor scale = filled(device, Shape.vector(24), 1);
      Tensor shift = filled(device, Shape.vector(24), 2);
      Tensor y = device.allocateActivations(IMAGES);
      device.batchNorm(BatchNorm.Form.RELU, x, scale, shift, 1e-5, y).forwardLocal();
      return read(device, y);
    }
  }

  /** To the nearest value with 7 bits behind the point, ties to even. */
  static float rounded(float value) {
    int bits = Float.floatToRawIntBits(value);
    int low = bits & 0xffff;
    int up = low > 0x8000 || (low == 0x8000 && (bits & 0x10000) != 0) ? 0x10000 : 0;
    return Float.intBitsToFloat((bits & 0xffff0000) + up);
  }

  @Test
  void weightsAreOfFloat32InEveryPrecision() {
    try (CudaDevice device = HostCuda.open("bf16", new HostGpu(Order.FORWARDS))) {
      Tensor weights = device.allocate(Shape.vector(1));
      device.write(FloatBuffer.wrap(new float[] {1.0001f}), weights);
      assertThat(read(device, weights)).containsExactly(1.0001f);

      Tensor activations = device.allocateActivations(Shape.vector(1));
      assertThatThrownBy(() -> device.update(0.9, 1, 0, 0.1, weights, weights, activations))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("weights is of element=BF16, expected FP32");
    }
  }

  @Test
  void weightGradientsOfMatrixProductsAreSumsOfFloat32() {
    try (CudaDevice device = HostCuda.open("bf16", new HostGpu(Order.FORWARDS))) {
      int rows = 257; // which bfloat16 does not have
      Tensor x = device.allocateActivations(Shape.matrix(rows, 8));
      Tensor dy = device.allocateActivations(Shape.matrix(rows, 16));
      device.fill(1, x);
      device.fill(1, dy);
      Tensor weights = device.allocate(Shape.vector(1 + 16 * 8));
      for (int offset : new int[] {0, 1}) { // aligned, and not
        Tensor gradient = device.allocate(weights.shape()).view(offset, Shape.vector(16 * 8));
        device.fill(0.5, gradient);
        LinearMap product =
            device.matrixProduct(rows, 8, 16, weights.view(0, Shape.vector(16 * 8)));
        product.backwardWeights(x, dy, gradient).run();

        assertThat(read(device, gradient)).as("offset=%d", offset).containsOnly(257.5f);
      }
    }
  }

  @Test
  void usingAClosedTensorIsRefused() {
    try (CudaDevice device = HostCuda.open("fp32", new HostGpu(Order.FORWARDS))) {
      Tensor a = device.allocate(ROWS);
      Tensor b = device.allocate(ROWS);
      Op add = device.add(a, b, a);
      b.close();

      assertThatThrownBy(add::run)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("tensor was closed: bytes=288");
    }
  }

  @Test
  void precisionAndConvolutionThatItDoesNotHaveAreRefused() {
    try (HostGpu gpu = new HostGpu(Order.FORWARDS)) {
      assertThatThrownBy(() -> HostCuda.open("fp16", gpu))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("precision=fp16")
          .hasMessageContaining("fp32, tf32 or bf16");
      ComputeSettings direct =
          new ComputeSettings(
              "cuda", "fp32", 1, ComputeSettings.Convolution.DIRECT, ComputeSettings.Graphs.AUTO);
      assertThatThrownBy(() -> new CudaDevice(direct, gpu))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("convolution=direct");
    }
  }

  /** A step of every kind of operation; {@code tensors} become what it works on. */
  private static List<Op> everyOperation(CudaDevice device, List<Tensor> tensors) {
    List<Op> step = new ArrayList<>();
    Tensor x = activations(device, IMAGES, tensors);
    Tensor y = activations(device, IMAGES, tensors);
    Tensor z = activations(device, IMAGES, tensors);
    Tensor small = activations(device, FEWER, tensors);
    Tensor rows = activations(device, ROWS, tensors);
    Tensor other = activations(device, ROWS, tensors);
    Tensor vector = parameters(device, Shape.vector(24), tensors);
    Tensor gradient = parameters(device, Shape.vector(24), tensors);
    Tensor weights = parameters(device, Shape.vector(24 * 24 * 9), tensors);
    Tensor weightGradient = parameters(device, weights.shape(), tensors);
    Window window = new Window(3, 2, new Padding(1, 1), new Padding(0, 1));
    LinearMap convolution = device.convolution(IMAGES, FEWER, window, weights);
    step.add(convolution.forward(x, small));
    step.add(convolution.backwardData(small, z));
    step.add(convolution.backwardWeights(x, small, weightGradient));
    Tensor square = parameters(device, Shape.vector(24 * 24), tensors);
    LinearMap product = device.matrixProduct(3, 24, 24, square);
    step.add(product.forward(rows, other));
    step.add(product.backwardWeights(rows, other, parameters(device, square.shape(), tensors)));
    step.add(product.backwardData(other, rows));
    BatchNorm norm = device.batchNorm(BatchNorm.Form.RELU, x, vector, vector, 1e-5, y);
    BatchNorm.Backward back = norm.backward(y, z, gradient, gradient);
    step.add(norm::forwardLocal);
    step.add(back::local);
    step.add(device.batchNormAddRelu(x, vector, vector, 1e-5, z, y)::forwardLocal);
    step.add(device.addReluBackward(x, z, y, z));
    // the one at once, the other one by one: its uneven window is not used as it lies
    Window even = new Window(3, 1, Padding.both(1), Padding.both(1));
    LinearMap likeIt = device.convolution(IMAGES, IMAGES, even, weights);
    step.add(device.addReluBackward(likeIt, x, y, y, z));
    step.add(device.addReluBackward(convolution, small, x, y, z));
    Pooling most = device.maxPool(window, x, small);
    step.add(most.forward());
    step.add(most.backward(small, y));
    Pooling mean = device.averagePool(x, rows);
    step.add(mean.forward());
    step.add(mean.backward(rows, y));
    step.add(device.addBias(vector, rows));
    step.add(device.biasGradient(rows, gradient));
    Measure loss = device.regressionLoss(rows, other, 0.5, rows);
    step.add(loss);
    step.add(device.projectionSums(rows, other));
    Measure dots = device.dots(List.of(new Factors(weights, weights), new Factors(vector, vector)));
    step.add(dots);
    Report report = device.report(List.of(loss, norm.statistics(), dots));
    double[] reported = new double[report.length()];
    step.add(report);
    step.add(() -> report.read(reported));
    step.add(() -> device.update(0.9, 1, 0.1, 0.1, weightGradient, weightGradient, weights));
    MomentumStep updates =
        device.updates(
            List.of(
                new MomentumStep.Range(weightGradient, weightGradient, weights),
                new MomentumStep.Range(gradient, gradient, vector)));
    step.add(() -> updates.run(0.9, new double[] {1, 2}, new double[] {0.1, 0}, 0.1));
    step.add(() -> device.axpby(0.5, gradient, 0.5, vector));
    return step;
  }

  private static Tensor activations(CudaDevice device, Shape shape, List<Tensor> tensors) {
    Tensor tensor = device.allocateActivations(shape);
    device.write(FloatBuffer.wrap(random(tensor, tensors.size())), tensor);
    tensors.add(tensor);
    return tensor;
  }

  private static Tensor parameters(CudaDevice device, Shape shape, List<Tensor> tensors) {
    Tensor tensor = filled(device, shape, tensors.size());
    tensors.add(tensor);
    return tensor;
  }

  private static Tensor filled(CudaDevice device, Shape shape, int seed) {
    Tensor tensor = device.allocate(shape);
    device.write(FloatBuffer.wrap(random(tensor, seed)), tensor);
    return tensor;
  }

  private static float[] random(Tensor tensor, int seed) {
    Random random = new Random(seed);
    float[] values = new float[(int) tensor.shape().elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static float[] read(CudaDevice device, Tensor tensor) {
    FloatBuffer values = FloatBuffer.allocate((int) tensor.shape().elements());
    device.read(tensor, values);
    return values.array();
  }
}
