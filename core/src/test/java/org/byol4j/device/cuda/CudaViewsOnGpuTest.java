package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.augment.AugmentSettings.Style;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.cuda.ViewSamples.Sample;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Views on a GPU beside those of the CPU: docs/gpu.md says how to run it. */
@Tag("gpu")
class CudaViewsOnGpuTest {
  private static final double WITHIN = 1.0 / 255;

  private static CudaDevice device() {
    return CudaDevice.open(
        new ComputeSettings(
            "cuda", "fp32", 1, ComputeSettings.Convolution.AUTO, ComputeSettings.Graphs.AUTO),
        "");
  }

  @ParameterizedTest
  @CsvSource({"DEEPMIND, 33", "DEEPMIND, 224", "TORCHVISION, 33", "TORCHVISION, 224"})
  void bothViewsAreThoseOfTheCpu(Style style, int size) {
    AugmentSettings settings = ViewSamples.settings(style, size);
    try (CudaDevice device = device()) {
      ViewSamples.expectClose(device, settings, ViewSamples.ofAllShapes(settings), WITHIN);
      ViewSamples.expectClose(device, settings, ViewSamples.large(settings), WITHIN);
    }
  }

  @ParameterizedTest
  @EnumSource
  void allCombinationsOfDrawsAreThoseOfTheCpu(Style style) {
    AugmentSettings settings = ViewSamples.settings(style, 48);
    try (CudaDevice device = device()) {
      ViewSamples.expectClose(device, settings, ViewSamples.ofAllDraws(style), WITHIN);
    }
  }

  @ParameterizedTest
  @EnumSource
  void viewsMadeAgainAreTheSameBits(Style style) {
    AugmentSettings settings = ViewSamples.settings(style, 224);
    List<Sample> samples = ViewSamples.ofAllShapes(settings);
    try (CudaDevice device = device()) {
      float[][] views = ViewSamples.made(device, settings, samples);
      for (int run = 0; run < 5; run++) {
        assertThat(ViewSamples.made(device, settings, samples)).isDeepEqualTo(views);
      }
    }
  }
}
