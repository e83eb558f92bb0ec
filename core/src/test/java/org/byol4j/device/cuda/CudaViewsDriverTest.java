package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.augment.AugmentSettings.Style;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Views by way of the driver for tests: pixels that travel on a stream of their own. */
@Tag("driver")
class CudaViewsDriverTest {
  private static final double WITHIN = 1.0 / 255;

  @TempDir private static Path cache;

  @BeforeEach
  void requireDriver() {
    HostDriver.require();
    HostDriver.reset();
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(HostDriver.held(0)).isEqualTo("contexts=1");
    HostDriver.reset();
  }

  private static CudaDevice open(boolean records) {
    NvidiaGpu nvidia = new NvidiaGpu(0, 90, new CacheFolder(cache));
    return HostCuda.open(
        "fp32", records ? new ReplayingGpu(nvidia, new ReplayingGpu.Policy(1, 0, 1000)) : nvidia);
  }

  @ParameterizedTest
  @EnumSource
  void viewsAreThoseOfTheCpu(Style style) {
    AugmentSettings settings = ViewSamples.settings(style, 33);
    try (CudaDevice device = open(false)) {
      ViewSamples.expectClose(device, settings, ViewSamples.ofAllShapes(settings), WITHIN);
    }
  }

  @ParameterizedTest
  @CsvSource({"LATE, false", "LATE, true", "EARLY, false", "SHUFFLED, false", "SHUFFLED, true"})
  void nextMicroBatchTravelsWhileViewsAreMadeAndDisturbsNothing(
      HostDriver.Order order, boolean records) {
    HostDriver.order(order, 3);
    ViewSamples.expectUndisturbed(() -> open(records));
  }
}
