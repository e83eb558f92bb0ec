package org.byol4j.device;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.byol4j.device.TwinDevices.Twin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every device must do with convolutions and matrix products. */
interface LinearMapContract {

  /** The device under test beside the reference. */
  TwinDevices twins();

  @ParameterizedTest
  @CsvSource({
    // batch, height, width, in, out, kernel, stride, top, bottom, left, right
    "1,  1,  1,   3, 16, 1, 1, 0, 0, 0, 0",
    "2,  6,  6,  64, 24, 1, 1, 0, 0, 0, 0",
    "2,  6,  6,  17, 64, 1, 2, 0, 0, 0, 0",
    "3,  7,  5,  16, 17, 1, 2, 0, 0, 0, 0",
    "2,  7,  9,   3, 17, 3, 1, 1, 1, 1, 1",
    "1,  2,  2,  16,  3, 3, 1, 1, 1, 1, 1",
    "3,  5,  5,  24, 64, 3, 1, 1, 1, 1, 1",
    "8,  4,  4,  64, 64, 3, 1, 1, 1, 1, 1",
    "1, 33, 31,  16, 16, 3, 1, 1, 1, 1, 1",
    "2,  8,  8,  16, 24, 3, 2, 0, 1, 0, 1",
    "2,  8,  8,  24, 16, 3, 2, 1, 1, 1, 1",
    "2,  9,  8,  17, 16, 3, 2, 1, 1, 0, 1",
    "2, 16, 12,   3, 64, 7, 2, 2, 3, 2, 3",
    "1, 15, 16,   3, 17, 7, 2, 3, 3, 3, 3",
    "5,  5,  6,  16,  3, 5, 1, 2, 2, 2, 2",
    "2,  6,  6,   1, 16, 2, 1, 0, 1, 0, 1",
    "2,  7,  7, 128, 96, 3, 1, 1, 1, 1, 1",
    "2,  4,  4, 130, 256, 1, 1, 0, 0, 0, 0"
  })
  default void convolutionIsTheReferences(
      int batch,
      int height,
      int width,
      int in,
      int out,
      int kernel,
      int stride,
      int top,
      int bottom,
      int left,
      int right) {
    Window window = new Window(kernel, stride, new Padding(top, bottom), new Padding(left, right));
    Shape input = new Shape(batch, height, width, in);
    Shape output = window.output(input, out);
    Twin weights = twins().slice(Shape.vector(out * in * kernel * kernel));
    Map map = (device, tensor) -> device.convolution(input, output, window, tensor);
    expectLinearMapOfReference(twins().tolerances().operation(), map, weights, input, output, 0);
  }

  @ParameterizedTest
  @CsvSource({
    // batch, height, width, in, out, top, bottom, left, right
    "32, 3,  4, 128, 130, 1, 1, 1, 1",
    "33, 4,  3, 130, 128, 1, 1, 1, 1",
    "8, 9,  9, 128, 128, 0, 0, 0, 0",
    "6, 11, 10, 128, 128, 2, 1, 0, 2",
    "2, 14, 15, 300, 132, 1, 1, 1, 1"
  })
  default void wideConvolutionIsTheReferences(
      int batch, int height, int width, int in, int out, int top, int bottom, int left, int right) {
    Window window = new Window(3, 1, new Padding(top, bottom), new Padding(left, right));
    Shape input = new Shape(batch, height, width, in);
    Shape output = window.output(input, out);
    Twin weights = twins().slice(Shape.vector(out * in * 9));
    Map map = (device, tensor) -> device.convolution(input, output, window, tensor);
    expectLinearMapOfReference(
        twins().tolerances().wideConvolution(), map, weights, input, output, 3);
  }

  @ParameterizedTest
  @CsvSource({
    // batch, size, in, out, kernel, stride, padding, padding behind, offset of the tensors
    "2, 6, 64, 24, 1, 1, 0, 0, 0",
    "3, 5, 16, 32, 3, 1, 1, 1, 0",
    "2, 7, 32, 16, 1, 2, 0, 0, 0",
    "2, 8, 16, 24, 3, 2, 1, 1, 0",
    "2, 8, 16, 24, 3, 2, 0, 1, 0",
    "2, 6, 17, 24, 3, 1, 1, 1, 0",
    "2, 6, 24, 17, 3, 1, 1, 1, 0",
    "2, 6, 16, 16, 1, 1, 0, 0, 3"
  })
  default void maskedSumOfAGradientAndAnotherIsTheReferences(
      int batch,
      int size,
      int in,
      int out,
      int kernel,
      int stride,
      int before,
      int behind,
      int offset) {
    Padding padding = new Padding(before, behind);
    Window window = new Window(kernel, stride, padding, padding);
    Shape input = new Shape(batch, size, size, in);
    Shape output = window.output(input, out);
    Twin weights = twins().slice(Shape.vector(out * in * kernel * kernel));
    Twin dy = twins().random(output, 0, 1, offset);
    Twin other = twins().random(input, 0, 1, offset);
    Twin y = twins().random(input, 0, 1, offset);
    Twin dz = twins().random(input, 0, 1, offset);
    twins()
        .run(
            side -> {
              Device device = side.device();
              // what a ReLU leaves: of some values nothing
              device.reluBackward(side.of(y), side.of(y), side.of(y)).run();
              LinearMap map = device.convolution(input, output, window, side.of(weights));
              device
                  .addReluBackward(map, side.of(dy), side.of(other), side.of(y), side.of(dz))
                  .run();
            });
    twins().expectSame("dz", dz);
    twins().expectSame("the other addend", other);
  }

  @Test
  default void wideConvolutionSeesChangedWeights() {
    Window window = new Window(3, 1, Padding.both(1), Padding.both(1));
    Shape shape = new Shape(32, 4, 3, 128);
    Twin weights = twins().slice(Shape.vector(128 * 128 * 9));
    Twin other = twins().slice(weights.shape());
    Twin x = twins().random(shape);
    Twin y = twins().random(shape);
    Twin dx = twins().random(shape);
    twins()
        .run(
            side -> {
              LinearMap map = side.device().convolution(shape, shape, window, side.of(weights));
              Op forward = map.forward(side.of(x), side.of(y));
              Op backward = map.backwardData(side.of(x), side.of(dx));
              forward.run();
              backward.run();
              side.device().axpby(0.3, side.of(other), 0.7, side.of(weights));
              forward.run();
              backward.run();
            });
    twins().expectSame("y", twins().tolerances().wideConvolution(), y);
    twins().expectSame("dx", twins().tolerances().wideConvolution(), dx);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 3, 17",
    "1, 512, 64",
    "2, 16, 24",
    "3, 64, 3",
    "5, 17, 16",
    "33, 24, 64",
    "64, 256, 130"
  })
  default void matrixProductIsTheReferences(int rows, int in, int out) {
    Twin weights = twins().slice(Shape.vector(in * out));
    Map map = (device, tensor) -> device.matrixProduct(rows, in, out, tensor);
    expectLinearMapOfReference(
        twins().tolerances().operation(),
        map,
        weights,
        Shape.matrix(rows, in),
        Shape.matrix(rows, out),
        0);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 16})
  default void tensorsOfALinearMapMayBeViewsAtAnyOffset(int offset) {
    Window window = new Window(3, 2, new Padding(0, 1), new Padding(1, 0));
    Shape input = new Shape(2, 7, 8, 17);
    Shape output = window.output(input, 24);
    Map map = (device, tensor) -> device.convolution(input, output, window, tensor);
    expectLinearMapOfReference(
        twins().tolerances().operation(),
        map,
        twins().slice(Shape.vector(24 * 17 * 9)),
        input,
        output,
        offset);
  }

  @Test
  default void oneLinearMapServesManyTensors() {
    Shape input = new Shape(2, 5, 5, 16);
    Window window = new Window(3, 1, Padding.both(1), Padding.both(1));
    Twin weights = twins().slice(Shape.vector(16 * 16 * 9));
    Twin x = twins().random(input);
    Twin middle = twins().random(input);
    Twin y = twins().random(input);
    twins()
        .run(
            side -> {
              LinearMap map = side.device().convolution(input, input, window, side.of(weights));
              Op first = map.forward(side.of(x), side.of(middle));
              Op second = map.forward(side.of(middle), side.of(y));
              first.run();
              second.run();
            });
    twins().expectSame("middle", middle);
    twins().expectSame("y", y);
  }

  @Test
  default void changedWeightsAreSeenByTheNextRun() {
    int rows = 5;
    int in = 24;
    int out = 16;
    int length = in * out;
    Shape flatShape = Shape.vector(2 * length + 40);
    Twin flat = twins().slice(flatShape);
    Twin weights = flat.view(7, Shape.vector(length));
    Twin other = twins().slice(flatShape);
    Twin momentum = twins().slice(flatShape);
    Twin x = twins().random(Shape.matrix(rows, in));
    Twin dy = twins().random(Shape.matrix(rows, out));
    float[] written = new float[length];
    for (int i = 0; i < length; i++) {
      written[i] = (float) Math.sin(i);
    }
    for (int change = 0; change < 7; change++) {
      int kind = change;
      Twin y = twins().random(Shape.matrix(rows, out));
      Twin dx = twins().random(Shape.matrix(rows, in));
      twins()
          .run(
              side -> {
                Device device = side.device();
                LinearMap map = device.matrixProduct(rows, in, out, side.of(weights));
                Op forward = map.forward(side.of(x), side.of(y));
                Op backward = map.backwardData(side.of(dy), side.of(dx));
                forward.run();
                backward.run();
                switch (kind) {
                  case 0 -> device.write(FloatBuffer.wrap(written), side.of(weights));
                  case 1 ->
                      device.update(
                          0.9, 0.5, 0.01, 0.1, side.of(other), side.of(momentum), side.of(flat));
                  case 2 -> device.axpby(0.3, side.of(other), 0.7, side.of(flat));
                  case 3 -> device.copy(side.of(other), side.of(flat));
                  case 4 -> device.fill(0.25, side.of(flat));
                  case 5 -> device.axpby(2, side.of(weights), 0.5, side.of(weights));
                  default -> {
                    HostWindow window = device.host(side.of(flat));
                    ByteBuffer to = window.write(20, 100);
                    for (int i = 0; i < 100; i++) {
                      TwinDevices.put(window.elementBytes(), to, i, 0.5f * i);
                    }
                    window.written(20, 100);
                  }
                }
                forward.run();
                backward.run();
              });
      twins().expectSame("y after change " + kind, y);
      twins().expectSame("dx after change " + kind, dx);
    }
  }

  /** Makes the map under test over given weights. */
  interface Map {
    LinearMap on(Device device, Tensor weights);
  }

  private void expectLinearMapOfReference(
      double relativeError, Map kind, Twin weights, Shape input, Shape output, int offset) {
    Twin x = twins().random(input, 0, 1, offset);
    Twin y = twins().random(output, 0, 1, offset);
    Twin dy = twins().random(output, 0, 1, offset);
    Twin dx = twins().random(input, 0, 1, offset);
    Twin gradient = twins().slice(weights.shape());
    twins()
        .run(
            side -> {
              LinearMap map = kind.on(side.device(), side.of(weights));
              map.forward(side.of(x), side.of(y)).run();
              map.backwardData(side.of(dy), side.of(dx)).run();
              Op backwardWeights = map.backwardWeights(side.of(x), side.of(dy), side.of(gradient));
              backwardWeights.run();
              backwardWeights.run();
            });
    twins().expectSame("y", relativeError, y);
    twins().expectSame("dx", relativeError, dx);
    twins().expectSame("gradient, added twice", relativeError, gradient);
  }
}
