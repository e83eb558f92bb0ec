package org.byol4j.device.nvidia;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What is said on machines without a driver or a GPU. */
class NvidiaDriverTest {

  @Test
  void machineWithoutDriverIsToldSo() {
    assumeTrue(!Files.exists(Path.of("/proc/driver/nvidia/version")), "no NVIDIA driver here");

    assertThatThrownBy(() -> NvidiaDriver.open("somebody"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "somebody needs an NVIDIA GPU and its driver: cannot load library=libcuda.so.1");
  }

  @Test
  void refusalsNameTheFunctionAndTheNumber() {
    assertThat(NvidiaDriver.refusal("somebody", "cuInit", 803))
        .isEqualTo("somebody needs an NVIDIA GPU: the driver refuses cuInit: CUresult=803");
    assertThat(NvidiaDriver.noGpu("somebody"))
        .startsWith("somebody needs a GPU: the driver sees none (CUDA_VISIBLE_DEVICES=");
  }
}
