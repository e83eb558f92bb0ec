package org.byol4j.device.nd4j;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which GPUs ND4J's CUDA backend has code for. */
class GpuDriverTest {

  @ParameterizedTest
  @CsvSource({"3, 7", "5, 0", "7, 5", "8, 0", "8, 6", "8, 9"})
  void gpuThatThereIsCodeForIsTaken(int major, int minor) {
    assertThatCode(() -> GpuDriver.requireCode(major, minor)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({"3, 5", "9, 0", "10, 0", "12, 0"})
  void otherGpuIsSentToTheCudaDevice(int major, int minor) {
    assertThatThrownBy(() -> GpuDriver.requireCode(major, minor))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("computeCapability=%d.%d".formatted(major, minor))
        .hasMessageContaining("compute.device=cuda");
  }
}
