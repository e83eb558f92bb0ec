package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.augment.AugmentSettings.Style;
import org.byol4j.augment.PackedViews;
import org.byol4j.device.ViewKernels;
import org.byol4j.device.cuda.HostGpu.Order;
import org.byol4j.device.cuda.ViewSamples.Sample;
import org.byol4j.image.TestImages;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Views by the sources of our kernels, run on the host, beside those of the CPU. */
class CudaViewsTest {
  /**
   * The promise is 1/255. This is a hundredth of it, since what the two round differently comes to
   * less than a thousandth.
   */
  private static final double TOLERANCE = 1.0 / 255 / 100;

  @BeforeAll
  static void requireCompiler() {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
  }

  private static void expectClose(AugmentSettings settings, List<Sample> samples) {
    try (CudaDevice device = HostCuda.open("fp32", new HostGpu(Order.BACKWARDS))) {
      ViewSamples.expectClose(device, settings, samples, TOLERANCE);
    }
  }

  private static float[][] made(
      String precision, Order order, AugmentSettings settings, List<Sample> samples) {
    try (CudaDevice device = HostCuda.open(precision, new HostGpu(order))) {
      return ViewSamples.made(device, settings, samples);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "DEEPMIND, 8", "DEEPMIND, 32", "DEEPMIND, 33", "DEEPMIND, 64", "DEEPMIND, 97",
    "TORCHVISION, 8", "TORCHVISION, 32", "TORCHVISION, 33", "TORCHVISION, 64", "TORCHVISION, 97"
  })
  void bothViewsAreThoseOfTheCpu(Style style, int size) {
    AugmentSettings settings = ViewSamples.settings(style, size);
    expectClose(settings, ViewSamples.ofAllShapes(settings));
  }

  @ParameterizedTest
  @EnumSource
  void allCombinationsOfDrawsAreThoseOfTheCpu(Style style) {
    expectClose(ViewSamples.settings(style, 24), ViewSamples.ofAllDraws(style));
  }

  @ParameterizedTest
  @EnumSource
  void largeImagesAndTheWholeImageAreThoseOfTheCpu(Style style) {
    AugmentSettings settings = ViewSamples.settings(style, 40);
    expectClose(settings, ViewSamples.large(settings));
  }

  /** Larger ones than are worked on at once, and a blur that is wider than a warp. */
  @Test
  void viewsThatAreMadeOneByOneAreThoseOfTheCpu() {
    AugmentSettings settings = ViewSamples.settings(Style.TORCHVISION, 1030);
    expectClose(settings, List.of(Sample.drawn(settings, TestImages.waves(500, 400, 1), 1)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"fp32", "bf16"})
  void bitsDoNotDependOnTheOrderOfBlocksAndThreads(String precision) {
    for (Style style : Style.values()) {
      AugmentSettings settings = ViewSamples.settings(style, 70);
      List<Sample> samples = ViewSamples.few(settings, 1);
      assertThat(made(precision, Order.BACKWARDS, settings, samples))
          .isDeepEqualTo(made(precision, Order.FORWARDS, settings, samples));
    }
  }

  @Test
  void viewsInBfloat16AreTheRoundedOnesOfFloat32() {
    AugmentSettings settings = ViewSamples.settings(Style.DEEPMIND, 40);
    List<Sample> samples = ViewSamples.few(settings, 1);
    float[][] wide = made("fp32", Order.FORWARDS, settings, samples);
    float[][] narrow = made("bf16", Order.FORWARDS, settings, samples);
    for (float[] view : wide) {
      for (int i = 0; i < view.length; i++) {
        view[i] = CudaResourcesTest.rounded(view[i]);
      }
    }
    assertThat(narrow).isDeepEqualTo(wide);
  }

  @ParameterizedTest
  @EnumSource
  void nextMicroBatchTravelsWhileViewsAreMadeAndDisturbsNothing(Order order) {
    ViewSamples.expectUndisturbed(() -> HostCuda.open("fp32", new HostGpu(order)));
  }

  @Test
  void memoryOfTheGpuGrowsOnlyForLargerImagesAndIsFreed() {
    AugmentSettings settings = ViewSamples.settings(Style.DEEPMIND, 32);
    HostGpu gpu = new HostGpu(Order.FORWARDS);
    try (CudaDevice device = HostCuda.open("fp32", gpu)) {
      int before = gpu.held();
      ViewKernels kernels = device.viewKernels(settings, 6);
      PackedViews packed = new PackedViews(6, kernels::hostMemory);
      for (int batch = 0; batch < 2; batch++) {
        bringUp(kernels, packed, ViewSamples.few(settings, batch));
      }
      long allocations = gpu.allocations();
      for (int batch = 0; batch < 4; batch++) {
        bringUp(kernels, packed, ViewSamples.few(settings, batch));
      }
      assertThat(gpu.allocations()).isEqualTo(allocations);
      List<Sample> samples = ViewSamples.few(settings, 1);
      samples.set(0, Sample.drawn(settings, TestImages.noise(3000, 3000, 1), 1).whole());
      bringUp(kernels, packed, samples);
      assertThat(gpu.allocations()).isGreaterThan(allocations);

      kernels.close();

      // pinned: two tables, a page, and the larger one
      assertThat(gpu.held()).isEqualTo(before + 4);
    }
    assertThat(gpu.held()).isZero();
  }

  private static void bringUp(ViewKernels kernels, PackedViews packed, List<Sample> samples) {
    ViewSamples.put(samples, packed);
    kernels.upload(packed);
    kernels.awaitUpload();
    kernels.make();
  }

  @Test
  void callsOutOfTheirOrderAreRefused() {
    AugmentSettings settings = ViewSamples.settings(Style.DEEPMIND, 16);
    try (CudaDevice device = HostCuda.open("fp32", new HostGpu(Order.FORWARDS));
        ViewKernels kernels = device.viewKernels(settings, 6)) {
      PackedViews packed = new PackedViews(6, kernels::hostMemory);
      ViewSamples.put(ViewSamples.few(settings, 0), packed);
      assertThatThrownBy(kernels::make)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("made=0 of uploaded=0");
      kernels.upload(packed);
      assertThatThrownBy(() -> kernels.upload(packed))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("uploaded=1 awaited=0 made=0");
      kernels.awaitUpload();
      kernels.upload(packed);
      kernels.awaitUpload();
      assertThatThrownBy(() -> kernels.upload(packed))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("uploaded=2 awaited=2 made=0");
      PackedViews fewer = new PackedViews(5, kernels::hostMemory);
      assertThatThrownBy(() -> kernels.upload(fewer))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("views of rows=5, expected 6");
    }
  }
}
