package org.byol4j.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.byol4j.augment.AugmentSettings.Style;
import org.junit.jupiter.api.Test;

/** The pixel (.8, .4, .2) of the 2x2 image (.8,.4,.2) (.1,.5,.9) (.3,.3,.3) (1,0,.5). */
class RecipeValuesTest {
  private static final ColourJitter DEEPMIND = new ColourJitter(Style.DEEPMIND, 2);
  private static final ColourJitter TORCHVISION = new ColourJitter(Style.TORCHVISION, 2);

  private final float[][][] image = {
    {{.8f, .1f}, {.3f, 1}}, {{.4f, .5f}, {.3f, 0}}, {{.2f, .9f}, {.3f, .5f}}
  };

  @Test
  void saturationOfDeepmindScalesHsv() {
    DEEPMIND.saturation(image, 1.2f);
    assertFirstPixel(.8, .32, .08);
  }

  @Test
  void saturationOfTorchvisionBlendsWithGray() {
    TORCHVISION.saturation(image, 1.2f);
    assertFirstPixel(.860656, .380656, .140656);
  }

  @Test
  void hueIsTheSameInBoth() {
    DEEPMIND.hue(image, -.1f);
    assertFirstPixel(.8, .2, .36);
  }

  @Test
  void hueOfEveryColourTurnsAsInHsv() {
    int size = 9;
    float[][][] cube = new float[3][size * size][size * size];
    for (int i = 0; i < size * size * size * size; i++) {
      int line = i / (size * size);
      int place = i % (size * size);
      int red = line / size;
      cube[0][line][place] = red / 8f;
      cube[1][line][place] = line % size / 8f;
      cube[2][line][place] = place % size / 8f;
    }
    for (float turn : new float[] {-.5f, -.3f, -.1f, 0, .05f, .25f, .5f}) {
      float[][][] turned = new float[3][size * size][];
      double[][][] expected = new double[size * size][size * size][3];
      for (int line = 0; line < size * size; line++) {
        for (int channel = 0; channel < 3; channel++) {
          turned[channel][line] = cube[channel][line].clone();
          for (int place = 0; place < size * size; place++) {
            expected[line][place][channel] = cube[channel][line][place];
          }
        }
      }
      new ColourJitter(Style.TORCHVISION, size * size).hue(turned, turn);
      SlowViews.hue(expected, turn);
      for (int line = 0; line < size * size; line++) {
        for (int place = 0; place < size * size; place++) {
          for (int channel = 0; channel < 3; channel++) {
            assertThat((double) turned[channel][line][place])
                .as("turn=%f line=%d place=%d channel=%d", turn, line, place, channel)
                .isCloseTo(expected[line][place][channel], within(2e-6));
          }
        }
      }
    }
  }

  @Test
  void grayIsWeighted() {
    TORCHVISION.grayscale(image);
    assertFirstPixel(.49672, .49672, .49672);
  }

  @Test
  void brightnessOfDeepmindAddsAndClips() {
    DEEPMIND.brightness(image, .3f);
    assertFirstPixel(1, .7, .5);
  }

  @Test
  void brightnessOfTorchvisionMultiplies() {
    TORCHVISION.brightness(image, .6f);
    assertFirstPixel(.48, .24, .12);
  }

  @Test
  void contrastOfDeepmindKeepsEachChannelsMean() {
    // means .55, .3, .475
    DEEPMIND.contrast(image, .6f);
    assertFirstPixel(.7, .36, .31);
  }

  @Test
  void contrastOfTorchvisionKeepsTheMeanGray() {
    // mean gray .2989 * .55 + .587 * .3 + .114 * .475 = .394645
    TORCHVISION.contrast(image, .6f);
    assertFirstPixel(.637858, .397858, .277858);
  }

  @Test
  void solarizeInvertsFromTheThresholdOn() {
    AugmentSettings settings = TestSettings.recipe(Style.DEEPMIND, 2);
    Planes planes = new Planes(2, settings.mean(), settings.std());
    for (int channel = 0; channel < 3; channel++) {
      System.arraycopy(image[channel], 0, planes.all()[channel], 0, 2);
    }
    planes.solarize(.5f);
    assertFirstPixel(.2, .4, .2);
    assertThat(image[2][1][1]).as("the threshold itself").isEqualTo(.5f);
    assertThat(image[1][0][1]).as("the threshold itself").isEqualTo(.5f);
  }

  @Test
  void kernelOfThreeTapsIsTheRecipes() {
    float[] taps = new float[2 * GaussianBlur.radius(32) + 1];
    GaussianBlur.kernel(1, taps);
    assertThat(taps).containsExactly(new float[] {.2740686f, .4518628f, .2740686f}, within(1e-6f));
  }

  @Test
  void kernelOf23TapsIsTheRecipes() {
    float[] taps = new float[2 * GaussianBlur.radius(224) + 1];
    GaussianBlur.kernel(2, taps);
    assertThat(taps).hasSize(23);
    assertThat(new float[] {taps[11], taps[12], taps[13], taps[14]})
        .containsExactly(new float[] {.1994711f, .1760327f, .1209854f, .0647588f}, within(1e-6f));
  }

  @Test
  void tapsFollowTheViewsSize() {
    assertThat(List.of(224, 128, 96, 64, 32))
        .extracting(size -> 2 * GaussianBlur.radius(size) + 1)
        .containsExactly(23, 13, 9, 7, 3);
  }

  private void assertFirstPixel(double red, double green, double blue) {
    assertThat(new double[] {image[0][0][0], image[1][0][0], image[2][0][0]})
        .containsExactly(new double[] {red, green, blue}, within(1e-6));
  }
}
