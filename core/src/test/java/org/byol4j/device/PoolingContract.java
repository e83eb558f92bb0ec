package org.byol4j.device;

import org.byol4j.device.TwinDevices.Twin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every device must do with pooling. */
interface PoolingContract {

  /** The device under test beside the reference. */
  TwinDevices twins();

  @ParameterizedTest
  @CsvSource({
    "2, 8, 8, 16, 3, 2, 0, 1",
    "2, 9, 7, 17, 3, 2, 1, 1",
    "1, 15, 16, 64, 3, 2, 1, 1",
    "3, 6, 4, 3, 2, 2, 0, 0",
    "1, 5, 5, 24, 3, 1, 1, 1"
  })
  default void maxPoolIsTheReferences(
      int batch,
      int height,
      int width,
      int channels,
      int kernel,
      int stride,
      int before,
      int after) {
    Padding padding = new Padding(before, after);
    Window window = new Window(kernel, stride, padding, padding);
    Shape input = new Shape(batch, height, width, channels);
    Shape output = window.output(input, channels);
    Twin x = twins().random(input, -5, 1);
    expectPoolingOfReference((device, from, to) -> device.maxPool(window, from, to), x, output);
  }

  @Test
  default void maxPoolSendsTheGradientOfATieToTheFirstMaximum() {
    Window window = new Window(3, 2, new Padding(0, 1), new Padding(0, 1));
    Shape input = new Shape(1, 4, 4, 16);
    float[] equal = new float[(int) input.elements()];
    Twin x = twins().of(input, equal);
    expectPoolingOfReference(
        (device, from, to) -> device.maxPool(window, from, to), x, window.output(input, 16));
  }

  @ParameterizedTest
  @CsvSource({"2, 7, 7, 64", "3, 1, 1, 17", "1, 4, 5, 3", "4, 2, 2, 512"})
  default void averagePoolIsTheReferences(int batch, int height, int width, int channels) {
    Twin x = twins().random(new Shape(batch, height, width, channels));
    expectPoolingOfReference(Device::averagePool, x, Shape.matrix(batch, channels));
  }

  /** Makes the pooling under test. */
  interface Pool {
    Pooling on(Device device, Tensor x, Tensor y);
  }

  private void expectPoolingOfReference(Pool kind, Twin x, Shape output) {
    Twin y = twins().random(output);
    Twin kept = twins().random(output);
    Twin dy = twins().random(output);
    Twin dx = twins().random(x.shape());
    twins()
        .run(
            side -> {
              Pooling pooling = kind.on(side.device(), side.of(x), side.of(y));
              pooling.forward().run();
              side.device().copy(side.of(y), side.of(kept));
              side.device().fill(Double.NaN, side.of(x));
              side.device().fill(Double.NaN, side.of(y));
              pooling.backward(side.of(dy), side.of(dx)).run();
            });
    twins().expectSame("y", kept);
    twins().expectSame("dx", dx);
  }
}
