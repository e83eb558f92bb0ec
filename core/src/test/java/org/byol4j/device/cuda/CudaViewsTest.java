package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.augment.AugmentSettings.Crop;
import org.byol4j.augment.AugmentSettings.Place;
import org.byol4j.augment.AugmentSettings.Style;
import org.byol4j.augment.AugmentSettings.ViewRecipe;
import org.byol4j.augment.CropBox;
import org.byol4j.augment.Jitter;
import org.byol4j.augment.PackedViews;
import org.byol4j.augment.ViewMaker;
import org.byol4j.augment.ViewParameters;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.ViewKernels;
import org.byol4j.device.cuda.HostGpu.Order;
import org.byol4j.image.Image;
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

  private static final List<Double> MEAN = List.of(0.485, 0.456, 0.406);
  private static final List<Double> STD = List.of(0.229, 0.224, 0.225);
  private static final ViewRecipe FIRST =
      new ViewRecipe(.5, .8, .4, .4, .2, .1, .2, 1, .1, 2, 0, .5);
  private static final ViewRecipe SECOND =
      new ViewRecipe(.5, .8, .4, .4, .2, .1, .2, .1, .1, 2, .2, .5);

  @BeforeAll
  static void requireCompiler() {
    assumeTrue(HostCuda.isAvailable(), "g++ on x86-64 compiles our kernels for the host");
  }

  private static AugmentSettings settings(Style style, int size) {
    Crop crop = new Crop(0.08, 1, 3.0 / 4, 4.0 / 3);
    return new AugmentSettings(style, size, crop, FIRST, SECOND, MEAN, STD, Place.DEVICE);
  }

  /** An image and what is drawn for both its views. */
  private record Sample(Image image, ViewParameters first, ViewParameters second) {

    static Sample drawn(AugmentSettings settings, Image image, int id) {
      int height = image.height();
      int width = image.width();
      return new Sample(
          image,
          ViewParameters.draw(settings, height, width, 5, 2, id, 0),
          ViewParameters.draw(settings, height, width, 5, 2, id, 1));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "DEEPMIND, 32", "DEEPMIND, 33", "DEEPMIND, 64", "DEEPMIND, 8", "DEEPMIND, 97",
    "TORCHVISION, 32", "TORCHVISION, 33", "TORCHVISION, 64", "TORCHVISION, 8", "TORCHVISION, 97"
  })
  void bothViewsAreThoseOfTheCpu(Style style, int size) {
    AugmentSettings settings = settings(style, size);
    int[][] shapes = {
      {75, 100}, {100, 60}, {30, 31}, {48, 48}, {300, 20}, {1, 1}, {1, 50}, {50, 1}, {2, 3}
    };
    List<Sample> samples = new ArrayList<>();
    for (int id = 0; id < 45; id++) {
      int[] shape = shapes[id % shapes.length];
      Image image =
          id % 2 == 0
              ? TestImages.waves(shape[0], shape[1], id)
              : TestImages.noise(shape[0], shape[1], id);
      samples.add(Sample.drawn(settings, image, id));
    }
    expectClose(settings, samples);
  }

  /** Each of the 24 orders of colour jitter, with each choice of what else is done. */
  @ParameterizedTest
  @EnumSource
  void allCombinationsOfDrawsAreThoseOfTheCpu(Style style) {
    AugmentSettings settings = settings(style, 24);
    Random random = new Random(3);
    List<Sample> samples = new ArrayList<>();
    for (int order = 0; order < 24; order++) {
      for (int choice = 0; choice < 32; choice += 2) {
        Image image = TestImages.noise(30, 40, order);
        samples.add(
            new Sample(
                image,
                combined(style, random, order, choice),
                combined(style, random, order, choice + 1)));
      }
    }
    expectClose(settings, samples);
  }

  private static ViewParameters combined(Style style, Random random, int order, int choice) {
    double brightness = random.nextDouble() * 0.8 - 0.4 + (style == Style.DEEPMIND ? 0 : 1);
    Jitter jitter =
        new Jitter(
            order,
            brightness,
            0.6 + 0.8 * random.nextDouble(),
            0.8 + 0.4 * random.nextDouble(),
            0.2 * random.nextDouble() - 0.1);
    return new ViewParameters(
        new CropBox(2, 3, 25, 33),
        (choice & 1) != 0,
        (choice & 2) != 0,
        jitter,
        (choice & 4) != 0,
        (choice & 8) != 0,
        0.1 + 1.9 * random.nextDouble(),
        (choice & 16) != 0,
        0.5);
  }

  @ParameterizedTest
  @EnumSource
  void largeImagesAndTheWholeImageAreThoseOfTheCpu(Style style) {
    AugmentSettings settings = settings(style, 40);
    List<Sample> samples = new ArrayList<>();
    int[][] shapes = {{600, 900}, {1, 70_000}, {3000, 30}, {257, 256}, {40, 40}};
    for (int[] shape : shapes) {
      Image image = TestImages.noise(shape[0], shape[1], shape[0]);
      ViewParameters drawn = ViewParameters.draw(settings, shape[0], shape[1], 1, 0, 7, 0);
      samples.add(new Sample(image, drawn, cropped(drawn, new CropBox(0, 0, shape[0], shape[1]))));
    }
    expectClose(settings, samples);
  }

  private static ViewParameters cropped(ViewParameters drawn, CropBox box) {
    return new ViewParameters(
        box,
        drawn.flip(),
        drawn.jittered(),
        drawn.jitter(),
        drawn.grayscale(),
        drawn.blurred(),
        drawn.sigma(),
        drawn.solarized(),
        drawn.solarizeThreshold());
  }

  /** Larger planes than are worked on at once, and a blur that is wider than a warp. */
  @ParameterizedTest
  @EnumSource
  void viewsThatAreMadeOneByOneAreThoseOfTheCpu(Style style) {
    AugmentSettings settings = settings(style, 1030);
    Image image = TestImages.waves(500, 400, 1);
    expectClose(settings, List.of(Sample.drawn(settings, image, 1)));
  }

  private static void expectClose(AugmentSettings settings, List<Sample> samples) {
    ViewMaker maker = new ViewMaker(settings);
    float[] expected = new float[maker.length()];
    float[][] made = made("fp32", Order.BACKWARDS, settings, samples);
    for (int view = 0; view < 2; view++) {
      for (int row = 0; row < samples.size(); row++) {
        Sample sample = samples.get(row);
        ViewParameters parameters = view == 0 ? sample.first() : sample.second();
        maker.make(sample.image(), parameters, FloatBuffer.wrap(expected), 0);
        double most = 0;
        for (int i = 0; i < expected.length; i++) {
          double difference = made[view][row * expected.length + i] - expected[i];
          most = Math.max(most, Math.abs(difference) * STD.get(i % 3));
        }
        assertThat(most)
            .as(
                "view=%d row=%d %dx%d %s",
                view, row, sample.image().height(), sample.image().width(), parameters)
            .isLessThan(TOLERANCE);
      }
    }
  }

  /** Both views of all samples. */
  private static float[][] made(
      String precision, Order order, AugmentSettings settings, List<Sample> samples) {
    try (CudaDevice device = HostCuda.open(precision, new HostGpu(order));
        ViewKernels kernels = device.viewKernels(settings, samples.size())) {
      PackedViews packed = new PackedViews(samples.size(), kernels::hostMemory);
      put(samples, packed);
      kernels.upload(packed);
      kernels.awaitUpload();
      kernels.make();
      return new float[][] {read(device, kernels.view(0)), read(device, kernels.view(1))};
    }
  }

  private static void put(List<Sample> samples, PackedViews packed) {
    packed.clear();
    for (int row = 0; row < samples.size(); row++) {
      Sample sample = samples.get(row);
      packed.put(row, sample.image(), sample.first(), sample.second());
    }
  }

  private static float[] read(CudaDevice device, Tensor tensor) {
    FloatBuffer values = FloatBuffer.allocate((int) tensor.shape().elements());
    device.read(tensor, values);
    return values.array();
  }

  private static List<Sample> few(AugmentSettings settings, int seed) {
    List<Sample> samples = new ArrayList<>();
    for (int id = 0; id < 6; id++) {
      samples.add(Sample.drawn(settings, TestImages.noise(50 + id, 70, seed + id), seed + id));
    }
    return samples;
  }

  @ParameterizedTest
  @ValueSource(strings = {"fp32", "bf16"})
  void bitsDoNotDependOnTheOrderOfBlocksAndThreads(String precision) {
    for (Style style : Style.values()) {
      AugmentSettings settings = settings(style, 70);
      assertThat(made(precision, Order.BACKWARDS, settings, few(settings, 1)))
          .isDeepEqualTo(made(precision, Order.FORWARDS, settings, few(settings, 1)));
    }
  }

  @Test
  void viewsInBfloat16AreTheRoundedOnesOfFloat32() {
    AugmentSettings settings = settings(Style.DEEPMIND, 40);
    float[][] wide = made("fp32", Order.FORWARDS, settings, few(settings, 1));
    float[][] narrow = made("bf16", Order.FORWARDS, settings, few(settings, 1));
    for (int view = 0; view < 2; view++) {
      for (int i = 0; i < wide[view].length; i++) {
        float expected = CudaResourcesTest.rounded(wide[view][i]);
        assertThat(narrow[view][i]).as("element %d", i).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void nextMicroBatchTravelsWhileViewsAreMadeAndDisturbsNothing(Order order) {
    AugmentSettings settings = settings(Style.TORCHVISION, 40);
    List<float[][]> alone = new ArrayList<>();
    for (int batch = 0; batch < 5; batch++) {
      alone.add(made("fp32", order, settings, few(settings, 10 * batch)));
    }
    try (CudaDevice device = HostCuda.open("fp32", new HostGpu(order));
        ViewKernels kernels = device.viewKernels(settings, 6)) {
      PackedViews packed = new PackedViews(6, kernels::hostMemory);
      put(few(settings, 0), packed);
      kernels.upload(packed);
      List<Tensor> kept = new ArrayList<>();
      for (int batch = 0; batch < 5; batch++) {
        kernels.awaitUpload();
        kernels.make();
        // nothing waits for the views before the next pixels go up
        put(few(settings, 10 * (batch + 1)), packed);
        kernels.upload(packed);
        for (int view = 0; view < 2; view++) {
          Tensor copy = device.allocateActivations(new Shape(6, 40, 40, 3));
          device.copy(kernels.view(view), copy);
          kept.add(copy);
        }
      }
      for (int i = 0; i < kept.size(); i++) {
        assertThat(read(device, kept.get(i))).as("view %d", i).isEqualTo(alone.get(i / 2)[i % 2]);
      }
    }
  }

  @Test
  void memoryOfTheGpuGrowsOnlyForLargerImagesAndIsFreed() {
    AugmentSettings settings = settings(Style.DEEPMIND, 32);
    HostGpu gpu = new HostGpu(Order.FORWARDS);
    try (CudaDevice device = HostCuda.open("fp32", gpu)) {
      int before = gpu.held();
      ViewKernels kernels = device.viewKernels(settings, 6);
      PackedViews packed = new PackedViews(6, kernels::hostMemory);
      for (int batch = 0; batch < 2; batch++) {
        bringUp(kernels, packed, few(settings, batch));
      }
      long allocations = gpu.allocations();
      for (int batch = 0; batch < 4; batch++) {
        bringUp(kernels, packed, few(settings, batch));
      }
      assertThat(gpu.allocations()).isEqualTo(allocations);
      Image large = TestImages.noise(3000, 3000, 1);
      List<Sample> samples = few(settings, 1);
      ViewParameters whole = cropped(samples.get(0).first(), new CropBox(0, 0, 3000, 3000));
      samples.set(0, new Sample(large, whole, whole));
      bringUp(kernels, packed, samples);
      assertThat(gpu.allocations()).isGreaterThan(allocations);

      kernels.close();

      // pinned: two tables, a page, and the larger one
      assertThat(gpu.held()).isEqualTo(before + 4);
    }
    assertThat(gpu.held()).isZero();
  }

  private static void bringUp(ViewKernels kernels, PackedViews packed, List<Sample> samples) {
    put(samples, packed);
    kernels.upload(packed);
    kernels.awaitUpload();
    kernels.make();
  }

  @Test
  void callsOutOfTheirOrderAreRefused() {
    AugmentSettings settings = settings(Style.DEEPMIND, 16);
    try (CudaDevice device = HostCuda.open("fp32", new HostGpu(Order.FORWARDS));
        ViewKernels kernels = device.viewKernels(settings, 6)) {
      PackedViews packed = new PackedViews(6, kernels::hostMemory);
      put(few(settings, 0), packed);
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
