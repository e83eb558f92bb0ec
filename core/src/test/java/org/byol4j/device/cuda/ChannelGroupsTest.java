package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.FloatBuffer;
import java.util.Random;
import java.util.function.BiFunction;
import org.byol4j.device.Padding;
import org.byol4j.device.Pooling;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.Window;
import org.byol4j.device.cuda.HostGpu.Order;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Loads of 16 bytes, and kernels that take them where they may. */
class ChannelGroupsTest {
  private static final Window WINDOW = new Window(3, 2, Padding.both(1), Padding.both(1));

  /** A window of more columns than are loaded at a time, in steps that let pixels lie in many. */
  private static final Window WIDE_WINDOW = new Window(5, 1, Padding.both(2), new Padding(1, 2));

  @ParameterizedTest
  @CsvSource({
    // element, channels, aligned, wide, groups
    "BF16, 64, true, true, 8",
    "FP32, 64, true, true, 16",
    "FP32, 20, true, true, 5",
    "BF16, 20, true, false, 20",
    "BF16, 64, false, false, 64",
    "FP32, 3, true, false, 3"
  })
  void channelsGoTogetherWhereTheirNumberAndTheAddressesAllowIt(
      Element element, int channels, boolean aligned, boolean wide, int groups) {
    assertThat(ChannelGroups.of(element, channels, aligned))
        .isEqualTo(new ChannelGroups(wide, groups));
  }

  @ParameterizedTest
  @CsvSource({"fp32, 16", "bf16, 16", "bf16, 24", "fp32, 17", "bf16, 17", "bf16, 20"})
  void poolingGivesTheSameBitsWhereTensorsAreNotAligned(String precision, int channels) {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
    Shape images = new Shape(2, 9, 8, channels);
    for (Window window : new Window[] {WINDOW, WIDE_WINDOW}) {
      Shape pooled = window.output(images, channels);
      expectSameBits(precision, images, pooled, (device, t) -> device.maxPool(window, t[0], t[1]));
    }
    expectSameBits(
        precision,
        images,
        Shape.matrix(2, channels),
        (device, t) -> device.averagePool(t[0], t[1]));
  }

  private static void expectSameBits(
      String precision,
      Shape images,
      Shape pooled,
      BiFunction<CudaDevice, Tensor[], Pooling> pooling) {
    float[][] aligned = pool(precision, images, pooled, pooling, 0);
    assertThat(aligned[0]).doesNotContain(Float.NaN);
    assertThat(aligned[1]).doesNotContain(Float.NaN);
    assertThat(pool(precision, images, pooled, pooling, 1)).isDeepEqualTo(aligned);
  }

  /** y and dx of tensors that begin so many elements after an address of 16 bytes. */
  private static float[][] pool(
      String precision,
      Shape images,
      Shape pooled,
      BiFunction<CudaDevice, Tensor[], Pooling> pooling,
      int offset) {
    try (CudaDevice device = HostCuda.open(precision, new HostGpu(Order.FORWARDS))) {
      Tensor x = tensor(device, images, offset, 1);
      Tensor y = tensor(device, pooled, offset, 2);
      Tensor dy = tensor(device, pooled, offset, 3);
      Tensor dx = tensor(device, images, offset, 4);
      device.fill(Double.NaN, y);
      device.fill(Double.NaN, dx);
      Pooling made = pooling.apply(device, new Tensor[] {x, y});
      made.forward().run();
      made.backward(dy, dx).run();
      return new float[][] {read(device, y), read(device, dx)};
    }
  }

  /** Few different values, so that many windows have several maxima. */
  private static Tensor tensor(CudaDevice device, Shape shape, int offset, int seed) {
    Tensor memory = device.allocateActivations(Shape.matrix(1, (int) shape.elements() + offset));
    Tensor tensor = memory.view(offset, shape);
    Random random = new Random(seed);
    float[] values = new float[(int) shape.elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(8) - 4;
    }
    device.write(FloatBuffer.wrap(values), tensor);
    return tensor;
  }

  private static float[] read(CudaDevice device, Tensor tensor) {
    FloatBuffer values = FloatBuffer.allocate((int) tensor.shape().elements());
    device.read(tensor, values);
    return values.array();
  }
}
