package org.byol4j.eval;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.data.DataSettings;
import org.byol4j.data.EvaluationImages;
import org.byol4j.data.ImageSource;
import org.byol4j.data.ImageStore;
import org.byol4j.data.StoreProgress;
import org.byol4j.image.Image;
import org.byol4j.image.ImageEncoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeatureCollectorTest {
  private static final DataSettings DATA = new DataSettings(1, 0, 1_000_000, 2, 2);
  private static final int SIZE = 8;
  private static final int LENGTH = SIZE * SIZE * 3;

  @TempDir Path folder;

  @Test
  void pixelsOfEachImageAreItsFeatures() throws IOException {
    for (int i = 0; i < 5; i++) {
      write(i < 2 ? "cat" : "dog", i, 50 * i, 10, 200);
    }
    ImageStore store = open("images", "store");
    int[] ids = {4, 0, 2};
    Features features = collect(store, ids, 2);

    assertEquals(3, features.rows());
    assertEquals(LENGTH, features.width());
    assertEquals(List.of("cat", "dog"), features.classes());
    for (int row = 0; row < 3; row++) {
      assertEquals(ids[row] < 2 ? 0 : 1, features.label(row), "row=" + row);
      float[] expected = normalized(50 * ids[row], 10, 200);
      float[] actual = new float[LENGTH];
      features.normalized(row, actual);
      assertArrayEquals(expected, Arrays.copyOf(actual, 3), 1e-5f, "row=" + row);
    }
  }

  @Test
  void imagesOfDifferentColoursAreToldApart() throws IOException {
    for (int i = 0; i < 8; i++) {
      write("red", i, 200 + i, 20, 30);
      write("blue", i, 30, 20, 200 + i);
    }
    ImageStore store = open("images", "store");
    Features features = collect(store, EvaluationImages.all(store), 5);
    Features query = collect(store, new int[] {0, 15}, 5);

    assertEquals(
        new KnnResult(1, 1, 16, 2, 3), new WeightedKnn(3, 0.1, 2).evaluate(features, query));
  }

  @Test
  void imageWithoutClassIsRefused() throws IOException {
    write(".", 0, 1, 2, 3);
    ImageStore store = open("images", "store");

    assertThatThrownBy(() -> collect(store, new int[] {0}, 1))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("row=0 has label=-1");
  }

  @Test
  void noImagesAreRefused() throws IOException {
    write("cat", 0, 1, 2, 3);
    ImageStore store = open("images", "store");

    assertThatThrownBy(() -> collect(store, new int[0], 1))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("rows=0");
  }

  @Test
  void batchesComeOneAfterTheOther() {
    FeatureCollector collector = new FeatureCollector(new PixelFeatures(2), 2, 3);
    collector.add(FloatBuffer.wrap(new float[] {1, 0, 3, 4}), 0, 1);
    ByteBuffer bytes = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
    bytes.asFloatBuffer().put(new float[] {0, 2, 9, 9});
    collector.add(bytes.asFloatBuffer(), 1);
    Features features = collector.take(List.of("cat", "dog"));

    assertEquals(3, features.rows());
    assertEquals(1, features.label(2));
    float[] row = new float[2];
    features.normalized(2, row);
    assertArrayEquals(new float[] {0, 1}, row);
    features.normalized(1, row);
    assertArrayEquals(new float[] {.6f, .8f}, row, 1e-7f);
  }

  @Test
  void collectorThatMissesImagesHasNothingToGive() {
    FeatureCollector collector = new FeatureCollector(new PixelFeatures(2), 2, 3);
    collector.add(FloatBuffer.wrap(new float[] {1, 0, 3, 4}), 0, 1);

    assertThatThrownBy(() -> collector.take(List.of("cat", "dog")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("rows=2, expected 3");
  }

  @Test
  void moreFeaturesThanAnArrayHoldsAreRefused() {
    assertThatThrownBy(() -> new FeatureCollector(new PixelFeatures(150_528), 1, 50_000))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("images=50000 width=150528 make 7526400000 features");
  }

  /** An image of one colour, larger than its crop, as a lossless file. */
  private void write(String name, int number, int red, int green, int blue) throws IOException {
    byte[] rgb = new byte[3 * 12 * 10];
    for (int i = 0; i < rgb.length; i += 3) {
      rgb[i] = (byte) red;
      rgb[i + 1] = (byte) green;
      rgb[i + 2] = (byte) blue;
    }
    Path file = folder.resolve("images").resolve(name).resolve(number + ".png");
    Files.createDirectories(file.getParent());
    Files.write(file, ImageEncoder.png(new Image(12, 10, rgb)));
  }

  private ImageStore open(String images, String store) {
    return ImageStore.open(
        ImageSource.at(folder.resolve(images)), folder.resolve(store), DATA, StoreProgress.NONE);
  }

  private static Features collect(ImageStore store, int[] ids, int batchRows) {
    return FeatureCollector.collect(
        new PixelFeatures(LENGTH), store, ids, DATA, augment(), batchRows);
  }

  /** A pixel of the normalized feature vector of an image of one colour. */
  private static float[] normalized(int red, int green, int blue) {
    double[] pixel = {
      (red / 255.0 - 0.485) / 0.229, (green / 255.0 - 0.456) / 0.224, (blue / 255.0 - 0.406) / 0.225
    };
    double square = pixel[0] * pixel[0] + pixel[1] * pixel[1] + pixel[2] * pixel[2];
    double norm = Math.sqrt(square * SIZE * SIZE);
    return new float[] {
      (float) (pixel[0] / norm), (float) (pixel[1] / norm), (float) (pixel[2] / norm)
    };
  }

  private static AugmentSettings augment() {
    AugmentSettings.ViewRecipe none =
        new AugmentSettings.ViewRecipe(0, 0, 0, 0, 0, 0, 0, 0, 0.1, 2, 0, 0.5);
    return new AugmentSettings(
        AugmentSettings.Style.TORCHVISION,
        SIZE,
        new AugmentSettings.Crop(0.08, 1, 0.75, 1.3333),
        none,
        none,
        List.of(0.485, 0.456, 0.406),
        List.of(0.229, 0.224, 0.225),
        AugmentSettings.Place.AUTO);
  }
}
