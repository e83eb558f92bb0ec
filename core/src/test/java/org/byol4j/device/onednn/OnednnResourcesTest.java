package org.byol4j.device.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.byol4j.HeapUse;
import org.byol4j.device.BatchNorm;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.ComputeSettings.Convolution;
import org.byol4j.device.Figures;
import org.byol4j.device.LinearMap;
import org.byol4j.device.Op;
import org.byol4j.device.Padding;
import org.byol4j.device.Pooling;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.TensorValues;
import org.byol4j.device.Window;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory and threads of the device, which the contract says nothing about. */
class OnednnResourcesTest {

  private static final Shape IMAGES = new Shape(4, 12, 12, 16);
  private static final Shape ROWS = Shape.matrix(4, 16);

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void runningOperationsAllocatesNothing(int threads) {
    try (OnednnDevice device = device(threads)) {
      List<Op> step = everyOperation(device);
      for (int i = 0; i < 20; i++) {
        step.forEach(Op::run);
      }
      long nativeBytes = Pointer.totalBytes();
      long allocated =
          HeapUse.fewest(
              10,
              () -> {
                for (int i = 0; i < 100; i++) {
                  for (int op = 0; op < step.size(); op++) {
                    step.get(op).run();
                  }
                }
              });

      assertThat(allocated).as("bytes in 100 steps").isZero();
      assertThat(Pointer.totalBytes()).isEqualTo(nativeBytes);
    }
  }

  @Test
  void closingFreesAllNativeMemory() {
    device(1).close();
    long before = Pointer.totalBytes();
    OnednnDevice device = device(2);
    everyOperation(device).forEach(Op::run);
    device.allocate(IMAGES).close();
    assertThat(Pointer.totalBytes()).isGreaterThan(before);

    device.close();
    device.close();

    assertThat(Pointer.totalBytes()).isEqualTo(before);
  }

  @Test
  void packedCopiesOfWeightsAreSharedByPlans() {
    try (OnednnDevice device = device(1)) {
      Tensor weights = device.allocate(Shape.vector(64 * 64 * 9));
      Shape shape = new Shape(1, 16, 16, 64);
      Tensor x = device.allocate(shape);
      Tensor y = device.allocate(shape);
      Window window = new Window(3, 1, Padding.both(1), Padding.both(1));
      device.convolution(shape, shape, window, weights).forward(x, y).run();
      long one = Pointer.totalBytes();

      device.convolution(shape, shape, window, weights).forward(x, y).run();

      assertThat(Pointer.totalBytes() - one).isLessThan(64 * 64 * 9 * Float.BYTES);
    }
  }

  @Test
  void normalizationWithGivenStatisticsKeepsAMaskOnlyForItsBackwardPass() {
    Shape shape = new Shape(8, 64, 64, 16);
    long smallestMask = shape.elements() / Byte.SIZE;
    try (OnednnDevice device = device(1)) {
      assertThat(bytesOfFirstRun(device, shape, false)).isLessThan(smallestMask);
      assertThat(bytesOfFirstRun(device, shape, true)).isGreaterThanOrEqualTo(smallestMask);
    }
  }

  private static long bytesOfFirstRun(OnednnDevice device, Shape shape, boolean goesBack) {
    int channels = shape.channels();
    Tensor x = device.allocate(shape);
    Tensor perChannel = device.allocate(Shape.vector(channels));
    Tensor gradient = device.allocate(Shape.vector(channels));
    BatchNorm norm =
        device.batchNorm(
            BatchNorm.Form.RELU, x, perChannel, perChannel, 1e-5, device.allocate(shape));
    if (goesBack) {
      norm.backward(x, x, gradient, gradient);
    }
    double[] statistics = new double[channels];
    long before = Pointer.totalBytes();
    norm.normalize(statistics, statistics);
    return Pointer.totalBytes() - before;
  }

  @Test
  void backwardPassIsBoundBeforeTheFirstForwardPass() {
    try (OnednnDevice device = device(1)) {
      Tensor x = device.allocate(IMAGES);
      Tensor perChannel = device.allocate(Shape.vector(IMAGES.channels()));
      BatchNorm norm = device.batchNorm(BatchNorm.Form.RELU, x, perChannel, perChannel, 1e-5, x);
      norm.forwardLocal();

      assertThatThrownBy(() -> norm.backward(x, x, perChannel, perChannel))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("expected before");
    }
  }

  @Test
  void otherPrecisionIsRefused() {
    assertThatThrownBy(
            () ->
                new OnednnDevice(
                    new ComputeSettings(
                        "onednn", "bf16", 1, Convolution.AUTO, ComputeSettings.Graphs.AUTO)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("precision=bf16 is not supported by device=onednn: expected fp32");
  }

  @Test
  void fingerprintNamesWhatBitsDependOn() {
    try (OnednnDevice device = device(2)) {
      assertThat(device.fingerprint())
          .containsEntry("threads", "2")
          .containsEntry("convolution", "auto")
          .containsKeys("onednn", "instructionSet");
      assertThat(device.fingerprint().get("onednn")).startsWith("3.11.");
    }
  }

  @Test
  void openMpTeamFollowsTheDeviceThatRuns() {
    OpenMp openMp = OnednnLibrary.load().openMp();
    try (OnednnDevice one = device(1);
        OnednnDevice two = device(2)) {
      Tensor a = one.allocate(IMAGES);
      Tensor b = two.allocate(IMAGES);
      Op onOne = one.add(a, a, a);
      Op onTwo = two.add(b, b, b);

      onOne.run();
      assertThat(openMp.threads()).isEqualTo(1);
      onTwo.run();
      assertThat(openMp.threads()).isEqualTo(2);
      onOne.run();
      assertThat(openMp.threads()).isEqualTo(1);
    }
  }

  private static OnednnDevice device(int threads) {
    return new OnednnDevice(
        new ComputeSettings(
            "onednn", "fp32", threads, Convolution.AUTO, ComputeSettings.Graphs.AUTO));
  }

  /** One of each, on tensors of random values. */
  private static List<Op> everyOperation(OnednnDevice device) {
    Window window = new Window(3, 1, Padding.both(1), Padding.both(1));
    Random random = new Random(7);
    Tensor weights = TensorValues.drawn(device, Shape.vector(16 * 16 * 9), random);
    Tensor gradient = device.allocate(Shape.vector(16 * 16 * 9));
    Tensor momentum = device.allocate(Shape.vector(16 * 16 * 9));
    Tensor square = weights.view(0, Shape.vector(16 * 16));
    Tensor scale = TensorValues.drawn(device, Shape.vector(16), random);
    Tensor shift = TensorValues.drawn(device, Shape.vector(16), random);
    Tensor x = TensorValues.drawn(device, IMAGES, random);
    Tensor y = TensorValues.drawn(device, IMAGES, random);
    Tensor z = TensorValues.drawn(device, IMAGES, random);
    Tensor small = device.allocate(new Shape(4, 6, 6, 16));
    Tensor rows = TensorValues.drawn(device, ROWS, random);
    Tensor rows2 = TensorValues.drawn(device, ROWS, random);
    Tensor rows3 = TensorValues.drawn(device, ROWS, random);
    List<Op> step = new ArrayList<>();
    LinearMap convolution = device.convolution(IMAGES, IMAGES, window, weights);
    step.add(convolution.forward(x, y));
    step.add(convolution.backwardData(y, z));
    step.add(convolution.backwardWeights(x, y, gradient));
    Shape wide = new Shape(32, 4, 3, 128);
    Tensor wideWeights = TensorValues.drawn(device, Shape.vector(128 * 128 * 9), random);
    Tensor wideX = TensorValues.drawn(device, wide, random);
    Tensor wideY = TensorValues.drawn(device, wide, random);
    LinearMap winograd = device.convolution(wide, wide, window, wideWeights);
    step.add(winograd.forward(wideX, wideY));
    step.add(winograd.backwardData(wideY, wideX));
    step.add(winograd.backwardWeights(wideX, wideY, device.allocate(wideWeights.shape())));
    step.add(() -> device.axpby(0.5, wideWeights, 0.5, wideWeights));
    LinearMap product = device.matrixProduct(4, 16, 16, square);
    step.add(product.forward(rows, rows2));
    step.add(product.backwardData(rows2, rows3));
    step.add(product.backwardWeights(rows, rows2, gradient.view(0, Shape.vector(256))));
    step.add(device.addBias(shift, rows));
    step.add(device.biasGradient(rows2, gradient.view(256, Shape.vector(16))));
    for (BatchNorm norm :
        List.of(
            device.batchNorm(BatchNorm.Form.RELU, x, scale, shift, 1e-5, y),
            device.batchNormAddRelu(x, scale, shift, 1e-5, z, y))) {
      Tensor vectors = gradient.view(512, Shape.vector(16));
      BatchNorm.Backward local = norm.backward(y, z, vectors, vectors);
      step.add(norm::forwardLocal);
      step.add(local::local);
    }
    BatchNorm given = device.batchNorm(BatchNorm.Form.PLAIN, x, scale, shift, 1e-5, y);
    Tensor vectors = gradient.view(512, Shape.vector(16));
    BatchNorm.Backward apart = given.backward(y, z, vectors, vectors);
    double[] moments = new double[32];
    double[] mean = new double[16];
    double[] variance = new double[16];
    step.add(() -> given.moments(moments));
    Figures statistics = given.statistics();
    double[] meanAndVariance = new double[32];
    step.add(() -> statistics.read(meanAndVariance, 0));
    step.add(() -> given.normalize(mean, variance));
    step.add(() -> apart.sums(moments));
    step.add(() -> apart.apply(moments, 4 * 12 * 12));
    step.add(device.reluBackward(x, y, z));
    step.add(device.addReluBackward(z, x, y, z));
    step.add(device.add(x, y, z));
    Pooling maximum =
        device.maxPool(new Window(3, 2, new Padding(0, 1), new Padding(0, 1)), x, small);
    step.add(maximum.forward());
    step.add(maximum.backward(small, z));
    Pooling average = device.averagePool(x, rows);
    step.add(average.forward());
    step.add(average.backward(rows, z));
    step.add(device.regressionLoss(rows, rows2, 0.5, rows3));
    step.add(() -> device.fill(0, gradient));
    step.add(() -> device.copy(x, z));
    step.add(() -> device.axpby(0.5, x, 0.5, z));
    step.add(() -> device.dot(x, z));
    step.add(() -> device.update(0.9, 1, 1e-4, 0.1, gradient, momentum, weights));
    return step;
  }
}
