package org.byol4j.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import org.byol4j.augment.AugmentSettings.Style;
import org.byol4j.image.Image;
import org.byol4j.image.TestImages;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CentreCropTest {
  @ParameterizedTest
  @EnumSource
  void imageOfTheRightSizeIsTakenAsItIs(Style style) {
    AugmentSettings settings = TestSettings.recipe(style, 32);
    Image image = TestImages.noise(32, 32, 1);
    double[][][] expected =
        SlowViews.normalize(SlowViews.crop(image, new CropBox(0, 0, 32, 32)), settings);
    ViewMakerTest.assertClose(crop(image, settings), expected, 32, style);
  }

  @Test
  void torchvisionResizesTheShorterSideAndCuts() {
    // 128 * 256 / 224 = 146; 180 x 300 becomes 146 x 243, of which rows 9 on and columns 58 on stay
    AugmentSettings settings = TestSettings.recipe(Style.TORCHVISION, 128);
    Image image = TestImages.waves(180, 300, 2);
    double[][][] whole = SlowViews.crop(image, new CropBox(0, 0, 180, 300));
    double[][][] resized = SlowViews.resize(whole, 146, 243, true);
    double[][][] expected = cut(resized, 9, 58, 128);
    ViewMakerTest.assertClose(
        crop(image, settings), SlowViews.normalize(expected, settings), 128, "180x300");
  }

  @Test
  void deepmindCutsAndResizes() {
    // 128 / 146 of 180 is 157
    AugmentSettings settings = TestSettings.recipe(Style.DEEPMIND, 128);
    Image image = TestImages.waves(180, 300, 2);
    double[][][] cut = SlowViews.crop(image, new CropBox(12, 72, 157, 157));
    double[][][] expected = SlowViews.resize(cut, 128, 128, false);
    ViewMakerTest.assertClose(
        crop(image, settings), SlowViews.normalize(expected, settings), 128, "180x300");
  }

  @ParameterizedTest
  @EnumSource
  void smallerAndThinnerImagesAreEnlarged(Style style) {
    AugmentSettings settings = TestSettings.recipe(style, 64);
    for (int[] shape : new int[][] {{1, 1}, {3, 200}, {65, 20}}) {
      FloatBuffer out = crop(TestImages.noise(shape[0], shape[1], 3), settings);
      for (int i = 0; i < out.capacity(); i++) {
        assertThat(out.get(i)).isBetween(-2.2f, 2.7f);
      }
    }
  }

  @Test
  void middleStaysInTheMiddle() {
    AugmentSettings settings = TestSettings.recipe(Style.TORCHVISION, 224);
    byte[] rgb = new byte[301 * 401 * 3];
    rgb[(150 * 401 + 200) * 3] = (byte) 255;
    FloatBuffer out = crop(new Image(301, 401, rgb), settings);
    double weighted = 0;
    double total = 0;
    for (int x = 0; x < 224; x++) {
      double light = 0;
      for (int y = 0; y < 224; y++) {
        light += out.get((y * 224 + x) * 3) * 0.229 + 0.485;
      }
      weighted += light * (x + 0.5);
      total += light;
    }
    assertThat(weighted / total).isCloseTo(112, within(0.6));
  }

  private static FloatBuffer crop(Image image, AugmentSettings settings) {
    CentreCrop centreCrop = new CentreCrop(settings);
    FloatBuffer out = FloatBuffer.allocate(centreCrop.length());
    centreCrop.make(image, out, 0);
    return out;
  }

  private static double[][][] cut(double[][][] in, int top, int left, int size) {
    double[][][] out = new double[size][size][];
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        out[y][x] = in[top + y][left + x];
      }
    }
    return out;
  }
}
