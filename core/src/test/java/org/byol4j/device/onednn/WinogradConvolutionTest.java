package org.byol4j.device.onednn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.LinearMap;
import org.byol4j.device.Padding;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.TensorValues;
import org.byol4j.device.Window;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the contract of a device does not say about Winograd's convolution. */
class WinogradConvolutionTest {

  private static final Window WINDOW = new Window(3, 1, Padding.both(1), Padding.both(1));

  /** More images than a block has, and not a multiple of it. */
  private static final Shape MANY = new Shape(33, 16, 16, 128);

  @Test
  void blocksOfImagesGiveWhatDirectConvolutionGives() {
    List<float[]> direct = results(ComputeSettings.Convolution.DIRECT, 1, MANY);
    List<float[]> winograd = results(ComputeSettings.Convolution.AUTO, 1, MANY);

    for (int i = 0; i < direct.size(); i++) {
      assertThat(winograd.get(i)).isNotEqualTo(direct.get(i));
      assertThat(error(winograd.get(i), direct.get(i))).as("result %d", i).isLessThan(1e-5);
    }
  }

  @Test
  void twoThreadsGiveTheBitsOfOne() {
    List<float[]> one = results(ComputeSettings.Convolution.AUTO, 1, MANY);
    List<float[]> two = results(ComputeSettings.Convolution.AUTO, 2, MANY);

    for (int i = 0; i < one.size(); i++) {
      assertThat(two.get(i)).as("result %d", i).isEqualTo(one.get(i));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "16, 28, 128, 128, 3, 1, true",
    "16, 7, 512, 512, 3, 1, true",
    "64, 4, 512, 512, 3, 1, true",
    "16, 28, 127, 128, 3, 1, false",
    "16, 28, 128, 127, 3, 1, false",
    "16, 28, 128, 128, 1, 1, false",
    "16, 28, 128, 128, 3, 2, false",
    "7, 7, 512, 512, 3, 1, false",
    "64, 2, 512, 512, 3, 1, false"
  })
  void shapeAloneDecidesWhereItIsUsed(
      int batch, int size, int in, int out, int kernel, int stride, boolean suits) {
    Window window = new Window(kernel, stride, Padding.both(1), Padding.both(1));
    Shape input = new Shape(batch, size, size, in);

    assertThat(WinogradConvolution.suits(input, window.output(input, out), window))
        .isEqualTo(suits);
  }

  @Test
  void weightsAreKeptAtPointsOnceAndTheRestIsShared() {
    try (OnednnDevice device = device(ComputeSettings.Convolution.AUTO, 1)) {
      Shape shape = new Shape(32, 4, 4, 128);
      Tensor x = device.allocate(shape);
      Tensor y = device.allocate(shape);
      Tensor first = device.allocate(Shape.vector(128 * 128 * 9));
      Tensor second = device.allocate(Shape.vector(128 * 128 * 9));
      device.convolution(shape, shape, WINDOW, first).forward(x, y).run();
      long one = Pointer.totalBytes();

      device.convolution(shape, shape, WINDOW, first).backwardData(y, x).run();
      long again = Pointer.totalBytes();
      device.convolution(shape, shape, WINDOW, second).forward(x, y).run();
      long two = Pointer.totalBytes();

      long slack = 128 * 128;
      long atPoints = 4L * Winograd.POINTS * 128 * 128;
      assertThat(again - one).as("bytes of another use").isLessThan(slack);
      assertThat(two - again).as("bytes of other weights").isBetween(atPoints, atPoints + slack);
    }
  }

  private static OnednnDevice device(ComputeSettings.Convolution convolution, int threads) {
    return new OnednnDevice(
        new ComputeSettings("onednn", "fp32", threads, convolution, ComputeSettings.Graphs.AUTO));
  }

  /** Output and both gradients, the second after it was added twice. */
  private static List<float[]> results(
      ComputeSettings.Convolution convolution, int threads, Shape shape) {
    try (OnednnDevice device = device(convolution, threads)) {
      Random random = new Random(2015);
      Tensor weights =
          TensorValues.drawn(device, Shape.vector(shape.channels() * shape.channels() * 9), random);
      Tensor x = TensorValues.drawn(device, shape, random);
      Tensor dy = TensorValues.drawn(device, shape, random);
      Tensor y = device.allocate(shape);
      Tensor dx = device.allocate(shape);
      Tensor gradient = device.allocate(weights.shape());
      LinearMap map = device.convolution(shape, shape, WINDOW, weights);
      map.forward(x, y).run();
      map.backwardData(dy, dx).run();
      map.backwardWeights(x, dy, gradient).run();
      map.backwardWeights(x, dy, gradient).run();
      List<float[]> results = new ArrayList<>();
      for (Tensor result : List.of(y, dx, gradient)) {
        results.add(TensorValues.of(device, result));
      }
      return results;
    }
  }

  /** The largest difference, relative to the largest expected value. */
  private static double error(float[] actual, float[] expected) {
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
    }
    return difference / largest;
  }
}
