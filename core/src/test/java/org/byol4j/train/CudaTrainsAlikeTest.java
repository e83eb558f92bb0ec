package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.DeviceUnavailableException;
import org.byol4j.device.cuda.HostCuda;
import org.byol4j.nn.Architecture;
import org.byol4j.parameters.Slice;
import org.byol4j.train.TinyReplica.Flaw;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The way of the weights over 20 steps on the device cuda, beside onednn: its kernels on the host,
 * or, tagged {@code gpu}, the real one.
 */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
final class CudaTrainsAlikeTest {
  private static final double SAME_IN_FLOAT = 1e-2;

  /** The kernels on the host come to 0.33; weights that had stayed where they were, to 1. */
  private static final double NEAR_IN_BFLOAT16 = 0.6;

  /**
   * The least cosine between the ways of a tensor of weights. Kernels on the host come to 0.79; a
   * layer that learns nothing, or something else, to about 0.
   */
  private static final double SAME_DIRECTION = 0.5;

  @Test
  void kernelsOnTheHostGoTheWayOfOnednn() {
    expectAlike(onHost("fp32"));
  }

  @Test
  void kernelsOnAHostThatFusesGoTheWayOfOnednn() {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
    expectAlike(() -> HostCuda.openFusing("fp32").device());
  }

  @Test
  void everyLayerInBfloat16OnTheHostGoesTheWayOfOnednn() {
    // so little of a step that 20 of them add up gradients of nearly the same weights: with more,
    // rounding to 8 bits leads small networks to other places
    Setup setup = Setup.small().withClosedBranches().withLearningRate(2e-4);
    double[] expected = new Training(setup, opened("onednn", "fp32")).alone();
    double[] way = new Training(setup, onHost("bf16")).alone();
    for (Slice slice : new Architecture(setup.network()).onlineTable().slices()) {
      if (slice.kind() == Slice.Kind.WEIGHT) {
        assertThat(cosine(part(way, slice), part(expected, slice)))
            .as(slice.name())
            .isGreaterThanOrEqualTo(SAME_DIRECTION);
      }
    }
  }

  private static double[] part(double[] way, Slice slice) {
    return Arrays.copyOfRange(way, Math.toIntExact(slice.offset()), Math.toIntExact(slice.end()));
  }

  private static double cosine(double[] a, double[] b) {
    double product = 0;
    for (int i = 0; i < a.length; i++) {
      product += a[i] * b[i];
    }
    return product / Training.norm(a) / Training.norm(b);
  }

  @Test
  void twoReplicasOnKernelsOfTheHostGoTheWayOfOne() {
    expectReplicasAlike(onHost("fp32"));
  }

  @Test
  void machineWithoutAGpuIsToldSo() {
    assumeTrue(!Files.exists(Path.of("/proc/driver/nvidia/version")), "no NVIDIA driver here");

    assertThatThrownBy(() -> opened("cuda", "fp32").get())
        .isInstanceOf(DeviceUnavailableException.class)
        .hasMessageStartingWith("compute.device=cuda needs ");
  }

  @Tag("gpu")
  @Test
  void gpuGoesTheWayOfOnednn() {
    expectAlike(opened("cuda", "fp32"));
  }

  @Tag("gpu")
  @Test
  void twoReplicasOnOneGpuGoTheWayOfOne() {
    expectReplicasAlike(opened("cuda", "fp32"));
  }

  @Tag("gpu")
  @Test
  void trainingAgainOnAGpuGivesTheSameBits() {
    for (String precision : new String[] {"fp32", "tf32", "bf16"}) {
      Supplier<Device> device = opened("cuda", precision);
      assertThat(training(device).alone()).as(precision).isEqualTo(training(device).alone());
    }
  }

  @Tag("gpu")
  @Test
  void gpuInBfloat16StaysNearOnednn() {
    double[] expected = training(opened("onednn", "fp32")).alone();
    assertThat(Training.distance(training(opened("cuda", "bf16")).alone(), expected))
        .isLessThanOrEqualTo(NEAR_IN_BFLOAT16);
  }

  private static void expectAlike(Supplier<Device> device) {
    double[] expected = training(opened("onednn", "fp32")).alone();
    assertThat(Training.distance(training(device).alone(), expected))
        .isLessThanOrEqualTo(SAME_IN_FLOAT);
  }

  private static void expectReplicasAlike(Supplier<Device> device) {
    double[] alone = training(device).alone();
    assertThat(Training.distance(training(device).together(2, Flaw.NONE), alone))
        .isLessThanOrEqualTo(SAME_IN_FLOAT);
  }

  private static Supplier<Device> onHost(String precision) {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
    return () -> HostCuda.open(precision);
  }

  private static Supplier<Device> opened(String device, String precision) {
    return () ->
        Devices.open(
            new ComputeSettings(
                device,
                precision,
                1,
                ComputeSettings.Convolution.AUTO,
                ComputeSettings.Graphs.AUTO));
  }

  private static Training training(Supplier<Device> device) {
    return new Training(Setup.small().withClosedBranches(), device);
  }
}
