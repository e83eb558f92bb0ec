package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.FloatBuffer;
import org.byol4j.collective.ManyMagnitudes;
import org.byol4j.collective.RankOrderSum;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.cuda.HostGpu.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What one GPU can show of the connection of several: a group of one, and the kernel. */
class NcclOnGpuTest {
  private static final int LENGTH = 100_003;
  private static final int SIZE = 3;

  @Test
  void kernelOnTheHostAddsInRankOrder() {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
    try (CudaDevice device = HostCuda.open("fp32", new HostGpu(Order.BACKWARDS))) {
      expectRankOrder(device, 2003);
    }
  }

  @Tag("gpu")
  @Test
  void kernelAddsInRankOrder() {
    try (CudaDevice device = open()) {
      expectRankOrder(device, LENGTH);
    }
  }

  @Tag("gpu")
  @Test
  void groupOfOneSendsItselfWhatItHas() {
    try (CudaDevice device = open()) {
      expectSentToItself(device);
    }
  }

  /** Expects that a group of one moves bytes from one place of its GPU to another. */
  static void expectSentToItself(CudaDevice device) {
    try (Tensor from = filled(device, LENGTH, 5);
        Tensor to = device.allocate(Shape.vector(LENGTH))) {
      Gpu gpu = device.engine().gpu();
      assertThat(gpu.linkVersion()).startsWith("2.");
      assertThat(gpu.place().busId()).matches("[0-9a-fA-F]+:[0-9a-fA-F]+:[0-9a-fA-F]+\\.0");
      try (GpuLink link = gpu.link(gpu.newLinkId(), 0, 1)) {
        Routes routes = new Routes(1);
        routes.send(0, CudaTensor.of(from, device.engine()).address(), LENGTH * 4L);
        routes.receive(0, CudaTensor.of(to, device.engine()).address(), LENGTH * 4L);
        link.exchange(routes);
        while (!link.isDone()) {
          assertThat(link.problem()).isEmpty();
          Thread.onSpinWait();
        }
        assertThat(read(device, to)).containsExactly(read(device, from));
      }
    }
  }

  private static CudaDevice open() {
    return CudaDevice.open(
        new ComputeSettings(
            "cuda", "fp32", 1, ComputeSettings.Convolution.AUTO, ComputeSettings.Graphs.AUTO),
        "");
  }

  private static void expectRankOrder(CudaDevice device, int length) {
    for (int rank = 0; rank < SIZE; rank++) {
      try (Tensor own = filled(device, length, rank);
          Tensor others = device.allocate(Shape.vector(length * (SIZE - 1)))) {
        FloatBuffer[] terms = new FloatBuffer[SIZE];
        FloatBuffer theirs = FloatBuffer.allocate(length * (SIZE - 1));
        for (int other = 0; other < SIZE; other++) {
          terms[other] = FloatBuffer.wrap(ManyMagnitudes.floats(other, length));
          if (other != rank) {
            theirs.put(ManyMagnitudes.floats(other, length));
          }
        }
        device.write(theirs.flip(), others);
        new RankOrderSumKernel(device.engine(), rank, SIZE)
            .run(
                CudaTensor.of(own, device.engine()).address(),
                CudaTensor.of(others, device.engine()).address(),
                length,
                length);
        float[] expected = new float[length];
        new RankOrderSum().sum(terms, length, FloatBuffer.wrap(expected));
        assertThat(read(device, own)).as("rank=%d", rank).containsExactly(expected);
      }
    }
  }

  private static Tensor filled(CudaDevice device, int length, int seed) {
    Tensor tensor = device.allocate(Shape.vector(length));
    device.write(FloatBuffer.wrap(ManyMagnitudes.floats(seed, length)), tensor);
    return tensor;
  }

  private static float[] read(CudaDevice device, Tensor tensor) {
    float[] values = new float[(int) tensor.shape().elements()];
    device.read(tensor, FloatBuffer.wrap(values));
    return values;
  }
}
