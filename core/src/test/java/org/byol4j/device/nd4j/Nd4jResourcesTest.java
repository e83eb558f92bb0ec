package org.byol4j.device.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Random;
import java.util.function.BiConsumer;
import org.byol4j.HeapUse;
import org.byol4j.ThreadsAtWork;
import org.byol4j.device.BatchNorm;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.ComputeSettings.Convolution;
import org.byol4j.device.HostWindow;
import org.byol4j.device.LinearMap;
import org.byol4j.device.Op;
import org.byol4j.device.Padding;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.TensorValues;
import org.byol4j.device.Window;
import org.junit.jupiter.api.Test;

/** Memory, threads and what is kept between operations, which the contract says nothing about. */
class Nd4jResourcesTest {

  private static final Shape IMAGES = new Shape(2, 6, 6, 8);
  private static final Shape FILTERS = Shape.vector(8 * 8 * 9);
  private static final Window WINDOW = new Window(3, 1, Padding.both(1), Padding.both(1));

  /** What ND4J's executioner makes of lists and arrays for one of its operations. */
  private static final long HEAP_OF_AN_OPERATION = 2048;

  @Test
  void dataGradientKeptFromTheWeightsIsNotUsedForChangedWeights() {
    expectNewDataGradient((device, weights) -> device.axpby(0, weights, 2, weights));
    expectNewDataGradient(
        (device, weights) -> {
          float[] ones = new float[(int) weights.shape().elements()];
          device.write(FloatBuffer.wrap(ones), weights);
        });
    expectNewDataGradient(
        (device, weights) -> {
          HostWindow window = device.host(weights);
          ByteBuffer to = window.write(0, (int) weights.shape().elements());
          while (to.hasRemaining()) {
            to.putFloat(0.5f);
          }
          window.written(0, (int) weights.shape().elements());
        });
  }

  /**
   * Changes the weights between the two gradients and expects the data gradient of the new ones.
   */
  private static void expectNewDataGradient(BiConsumer<Nd4jDevice, Tensor> change) {
    try (Nd4jDevice device = device(1)) {
      Random random = new Random(5);
      Tensor weights = TensorValues.drawn(device, FILTERS, random);
      Tensor x = TensorValues.drawn(device, IMAGES, random);
      Tensor dy = TensorValues.drawn(device, IMAGES, random);
      Tensor dx = device.allocate(IMAGES);
      LinearMap map = device.convolution(IMAGES, IMAGES, WINDOW, weights);
      Op backwardData = map.backwardData(dy, dx);
      map.backwardWeights(x, dy, device.allocate(FILTERS)).run();
      change.accept(device, weights);
      backwardData.run();
      float[] afterChange = TensorValues.of(device, dx);
      device.fill(Double.NaN, dx);
      backwardData.run();
      assertThat(afterChange).isEqualTo(TensorValues.of(device, dx));
    }
  }

  @Test
  void dataGradientThatIsLostWhenItsAreaGrowsIsMadeAgain() {
    Shape larger = new Shape(16, 12, 12, 8);
    expectNewDataGradient(
        (device, weights) ->
            device
                .convolution(larger, larger, WINDOW, weights)
                .backwardData(device.allocate(larger), device.allocate(larger)));
  }

  @Test
  void dataGradientKeptFromTheWeightsIsTheSameBits() {
    try (Nd4jDevice device = device(2)) {
      Random random = new Random(6);
      Tensor weights = TensorValues.drawn(device, FILTERS, random);
      Tensor x = TensorValues.drawn(device, IMAGES, random);
      Tensor dy = TensorValues.drawn(device, IMAGES, random);
      Tensor dx = device.allocate(IMAGES);
      LinearMap map = device.convolution(IMAGES, IMAGES, WINDOW, weights);
      Op backwardData = map.backwardData(dy, dx);
      map.backwardWeights(x, dy, device.allocate(FILTERS)).run();
      backwardData.run();
      float[] kept = TensorValues.of(device, dx);
      device.fill(Double.NaN, dx);
      backwardData.run();
      assertThat(TensorValues.of(device, dx)).isEqualTo(kept);
    }
  }

  @Test
  void operationsFollowTheSharedAreasWhenAnotherMakesThemGrow() {
    try (Nd4jDevice device = device(1)) {
      Random random = new Random(7);
      Tensor dy = TensorValues.drawn(device, IMAGES, random);
      Tensor gradient = device.allocate(Shape.vector(8));
      Op sum = device.biasGradient(dy, gradient);
      sum.run();
      float[] once = TensorValues.of(device, gradient);
      Shape larger = new Shape(16, 12, 12, 8);
      device
          .biasGradient(
              TensorValues.drawn(device, larger, random), device.allocate(Shape.vector(8)))
          .run();
      device.fill(0, gradient);
      sum.run();
      assertThat(TensorValues.of(device, gradient)).isEqualTo(once);
    }
  }

  @Test
  void runningAnOperationMakesOnlyWhatNd4jMakesOfEach() {
    try (Nd4jDevice device = device(1)) {
      Tensor weights = device.allocate(FILTERS);
      Tensor x = device.allocate(IMAGES);
      Tensor y = device.allocate(IMAGES);
      Op forward = device.convolution(IMAGES, IMAGES, WINDOW, weights).forward(x, y);
      Op add = device.add(x, y, y);
      for (int i = 0; i < 50; i++) {
        forward.run();
        add.run();
      }
      long allocated =
          HeapUse.fewest(
              5,
              () -> {
                for (int i = 0; i < 100; i++) {
                  forward.run();
                  add.run();
                }
              });
      assertThat(allocated / 200).isLessThan(HEAP_OF_AN_OPERATION);
    }
  }

  @Test
  void deviceOfOneThreadLeavesTheOtherProcessorsAlone() {
    assertThat(threadsAtWork(1)).isEqualTo(1);
    assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "a single processor");
    // BLAS may have another second one than OpenMP
    assertThat(threadsAtWork(2)).isBetween(2, 3);
  }

  private static int threadsAtWork(int threads) {
    try (Nd4jDevice device = device(threads)) {
      Shape shape = new Shape(8, 32, 32, 32);
      Tensor x = device.allocate(shape);
      Tensor y = device.allocate(shape);
      Tensor filters = device.allocate(Shape.vector(32 * 32 * 9));
      Tensor square = device.allocate(Shape.vector(32 * 32));
      LinearMap convolution = device.convolution(shape, shape, WINDOW, filters);
      Op forward = convolution.forward(x, y);
      Op backward = convolution.backwardWeights(x, y, filters);
      Op product = device.matrixProduct((int) shape.rows(), 32, 32, square).forward(x, y);
      Op add = device.add(x, y, y);
      return ThreadsAtWork.during(
          () -> {
            forward.run();
            backward.run();
            product.run();
            add.run();
            device.axpby(0.5, x, 0.5, y);
            device.dot(x, y);
          });
    }
  }

  @Test
  void backwardPassBeforeAForwardPassIsRefused() {
    try (Nd4jDevice device = device(1)) {
      Tensor x = device.allocate(IMAGES);
      Tensor perChannel = device.allocate(Shape.vector(8));
      BatchNorm.Backward backward =
          device
              .batchNorm(BatchNorm.Form.RELU, x, perChannel, perChannel, 1e-5, x)
              .backward(x, x, perChannel, perChannel);
      assertThatThrownBy(backward::local).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void whatNd4jCannotDoIsRefused() {
    assertThatThrownBy(
            () ->
                new Nd4jDevice(
                    new ComputeSettings(
                        "nd4j", "bf16", 1, Convolution.AUTO, ComputeSettings.Graphs.AUTO)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("precision=bf16 is not supported by device=nd4j: expected fp32");
    assertThatThrownBy(
            () ->
                new Nd4jDevice(
                    new ComputeSettings(
                        "nd4j", "fp32", 1, Convolution.DIRECT, ComputeSettings.Graphs.AUTO)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("convolution=direct");
  }

  @Test
  void fingerprintNamesWhatBitsDependOn() {
    try (Nd4jDevice device = device(2)) {
      assertThat(device.fingerprint())
          .containsEntry("device", "nd4j")
          .containsEntry("threads", "2")
          .containsKeys("backend", "instructionLevel");
      // with oneDNN: its convolutions are those that the speed in docs/benchmarks is of
      assertThat(device.fingerprint().get("nd4j")).contains("HAVE_ONEDNN");
    }
  }

  private static Nd4jDevice device(int threads) {
    return new Nd4jDevice(
        new ComputeSettings(
            "nd4j", "fp32", threads, Convolution.AUTO, ComputeSettings.Graphs.AUTO));
  }
}
