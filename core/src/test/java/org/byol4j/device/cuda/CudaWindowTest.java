package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.byol4j.device.HostWindow;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.cuda.HostGpu.Order;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Ranges of a tensor that are written from the host, copied as early as may be and as late. */
class CudaWindowTest {
  private static final int RANGES = 5;
  private static final int LENGTH = 64;

  @BeforeAll
  static void requireCompiler() {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
  }

  private static void write(HostWindow window, int range) {
    ByteBuffer to = window.write((long) range * LENGTH, LENGTH);
    for (int i = 0; i < LENGTH; i++) {
      to.putFloat(value(range, i));
    }
    window.written((long) range * LENGTH, LENGTH);
  }

  private static float value(int range, int i) {
    return 1000 * range + i;
  }

  @ParameterizedTest
  @EnumSource(Order.class)
  void operationsBehindWrittenRangesSeeThem(Order order) {
    try (CudaDevice device = HostCuda.open("fp32", new HostGpu(order));
        Tensor written = device.allocate(Shape.vector(RANGES * LENGTH));
        Tensor doubled = device.allocate(Shape.vector(RANGES * LENGTH))) {
      HostWindow window = device.host(written);
      for (int range = 0; range < RANGES; range++) {
        write(window, range);
      }
      device.add(written, written, doubled).run();
      // what comes behind the operation is none of it
      write(window, 0);
      FloatBuffer result = FloatBuffer.allocate(RANGES * LENGTH);
      device.read(doubled, result);

      for (int i = 0; i < RANGES * LENGTH; i++) {
        assertThat(result.get(i)).as("i=%d", i).isEqualTo(2 * value(i / LENGTH, i % LENGTH));
      }
    }
  }

  @Test
  void rangeIsFilledWhileTheOneBeforeItIsOnItsWay() {
    HostGpu gpu = new HostGpu(Order.BACKWARDS);
    try (CudaDevice device = HostCuda.open("fp32", gpu);
        Tensor tensor = device.allocate(Shape.vector(2 * LENGTH))) {
      HostWindow window = device.host(tensor);
      write(window, 0);
      write(window, 1);
      assertThat(gpu.stalls()).isZero();

      write(window, 0);
      assertThat(gpu.stalls()).isEqualTo(1);
      assertThat(read(window, 0)).isEqualTo(value(0, 0));
      assertThat(read(window, 1)).isEqualTo(value(1, 0));
    }
  }

  private static float read(HostWindow window, int range) {
    return window.read((long) range * LENGTH, LENGTH).getFloat();
  }
}
