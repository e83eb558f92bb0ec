package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.cuda.HostCuda;
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

  @Test
  void kernelsOnTheHostGoTheWayOfOnednn() {
    expectAlike(onHost("fp32"));
  }

  @Test
  void twoReplicasOnKernelsOfTheHostGoTheWayOfOne() {
    expectReplicasAlike(onHost("fp32"));
  }

  @Test
  void machineWithoutAGpuIsToldSo() {
    assumeTrue(!Files.exists(Path.of("/proc/driver/nvidia/version")), "no NVIDIA driver here");

    assertThatThrownBy(() -> opened("cuda", "fp32").get())
        .isInstanceOf(LinkageError.class)
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
        Devices.open(new ComputeSettings(device, precision, 1, ComputeSettings.Convolution.AUTO));
  }

  private static Training training(Supplier<Device> device) {
    return new Training(Setup.small().withClosedBranches(), device);
  }
}
