package org.byol4j.device.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
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
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.ViewKernels;
import org.byol4j.image.Image;
import org.byol4j.image.TestImages;

/** Images, what is drawn for their views, and what a device makes of them. */
final class ViewSamples {
  private static final List<Double> MEAN = List.of(0.485, 0.456, 0.406);
  private static final List<Double> STD = List.of(0.229, 0.224, 0.225);
  private static final ViewRecipe FIRST =
      new ViewRecipe(.5, .8, .4, .4, .2, .1, .2, 1, .1, 2, 0, .5);
  private static final ViewRecipe SECOND =
      new ViewRecipe(.5, .8, .4, .4, .2, .1, .2, .1, .1, 2, .2, .5);

  private ViewSamples() {}

  /** An image and what is drawn for both its views. */
  record Sample(Image image, ViewParameters first, ViewParameters second) {

    static Sample drawn(AugmentSettings settings, Image image, int id) {
      int height = image.height();
      int width = image.width();
      return new Sample(
          image,
          ViewParameters.draw(settings, height, width, 5, 2, id, 0),
          ViewParameters.draw(settings, height, width, 5, 2, id, 1));
    }

    /** The same, both views of the whole image. */
    Sample whole() {
      CropBox box = new CropBox(0, 0, image.height(), image.width());
      return new Sample(image, cropped(first, box), cropped(second, box));
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
  }

  /** The recipe of the paper. */
  static AugmentSettings settings(Style style, int size) {
    Crop crop = new Crop(0.08, 1, 3.0 / 4, 4.0 / 3);
    return new AugmentSettings(style, size, crop, FIRST, SECOND, MEAN, STD, Place.DEVICE);
  }

  /** Six images of noise. */
  static List<Sample> few(AugmentSettings settings, int seed) {
    List<Sample> samples = new ArrayList<>();
    for (int id = 0; id < 6; id++) {
      samples.add(Sample.drawn(settings, TestImages.noise(50 + id, 70, seed + id), seed + id));
    }
    return samples;
  }

  /** Waves and noise in all kinds of small shapes. */
  static List<Sample> ofAllShapes(AugmentSettings settings) {
    int[][] shapes = {
      {75, 100}, {100, 60}, {30, 31}, {48, 48}, {300, 20}, {1, 1}, {1, 50}, {50, 1}, {2, 3}
    };
    List<Sample> samples = new ArrayList<>();
    for (int id = 0; id < 5 * shapes.length; id++) {
      int[] shape = shapes[id % shapes.length];
      Image image =
          id % 2 == 0
              ? TestImages.waves(shape[0], shape[1], id)
              : TestImages.noise(shape[0], shape[1], id);
      samples.add(Sample.drawn(settings, image, id));
    }
    return samples;
  }

  /** Large ones, and ones of which a view sees all. */
  static List<Sample> large(AugmentSettings settings) {
    List<Sample> samples = new ArrayList<>();
    int[][] shapes = {{600, 900}, {1, 70_000}, {3000, 30}, {257, 256}, {40, 40}};
    for (int[] shape : shapes) {
      Image image = TestImages.noise(shape[0], shape[1], shape[0]);
      Sample drawn = Sample.drawn(settings, image, 7);
      samples.add(new Sample(image, drawn.first(), drawn.whole().second()));
    }
    return samples;
  }

  /** Each of the 24 orders of colour jitter, with each choice of what else is done. */
  static List<Sample> ofAllDraws(Style style) {
    Random random = new Random(3);
    List<Sample> samples = new ArrayList<>();
    for (int order = 0; order < 24; order++) {
      for (int choice = 0; choice < 32; choice += 2) {
        ViewParameters first = drawn(style, random, order, choice);
        ViewParameters second = drawn(style, random, order, choice + 1);
        samples.add(new Sample(TestImages.noise(30, 40, order), first, second));
      }
    }
    return samples;
  }

  private static ViewParameters drawn(Style style, Random random, int order, int choice) {
    Jitter jitter =
        new Jitter(
            order,
            random.nextDouble() * 0.8 - 0.4 + (style == Style.DEEPMIND ? 0 : 1),
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

  /** Puts samples where a device takes them. */
  static void put(List<Sample> samples, PackedViews packed) {
    packed.clear();
    for (int row = 0; row < samples.size(); row++) {
      Sample sample = samples.get(row);
      packed.put(row, sample.image(), sample.first(), sample.second());
    }
  }

  /** Both views of all samples, by a device. */
  static float[][] made(Device device, AugmentSettings settings, List<Sample> samples) {
    try (ViewKernels kernels = device.viewKernels(settings, samples.size())) {
      PackedViews packed = new PackedViews(samples.size(), kernels::hostMemory);
      put(samples, packed);
      kernels.upload(packed);
      kernels.make();
      return new float[][] {read(device, kernels.view(0)), read(device, kernels.view(1))};
    }
  }

  static float[] read(Device device, Tensor tensor) {
    FloatBuffer values = FloatBuffer.allocate((int) tensor.shape().elements());
    device.read(tensor, values);
    return values.array();
  }

  /**
   * Expects of the device's views what the CPU makes, to {@code tolerance} of the range of a pixel.
   */
  static void expectClose(
      Device device, AugmentSettings settings, List<Sample> samples, double tolerance) {
    ViewMaker maker = new ViewMaker(settings);
    float[] expected = new float[maker.length()];
    float[][] made = made(device, settings, samples);
    for (int view = 0; view < PackedViews.VIEWS; view++) {
      for (int row = 0; row < samples.size(); row++) {
        Sample sample = samples.get(row);
        ViewParameters parameters = view == 0 ? sample.first() : sample.second();
        maker.make(sample.image(), parameters, FloatBuffer.wrap(expected), 0);
        double most = 0;
        for (int i = 0; i < expected.length; i++) {
          double difference = made[view][row * expected.length + i] - expected[i];
          // of pixels that are not normalized yet
          most = Math.max(most, Math.abs(difference) * STD.get(i % 3));
        }
        assertThat(most)
            .as("view=%d row=%d size=%d %s", view, row, settings.size(), parameters)
            .isLessThan(tolerance);
      }
    }
  }

  /**
   * Expects that views are those of each micro-batch by itself where the next one travels while
   * they are made.
   */
  static void expectUndisturbed(Supplier<Device> devices) {
    AugmentSettings settings = settings(Style.TORCHVISION, 40);
    List<float[][]> alone = new ArrayList<>();
    for (int batch = 0; batch < 5; batch++) {
      try (Device device = devices.get()) {
        alone.add(made(device, settings, few(settings, 10 * batch)));
      }
    }
    try (Device device = devices.get();
        ViewKernels kernels = device.viewKernels(settings, 6)) {
      PackedViews packed = new PackedViews(6, kernels::hostMemory);
      put(few(settings, 0), packed);
      kernels.upload(packed);
      List<Tensor> kept = new ArrayList<>();
      for (int batch = 0; batch < 5; batch++) {
        kernels.make();
        kernels.awaitUpload();
        // nothing waits for the views before the next pixels go up
        put(few(settings, 10 * (batch + 1)), packed);
        kernels.upload(packed);
        for (int view = 0; view < PackedViews.VIEWS; view++) {
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
}
