package org.byol4j.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.byol4j.augment.AugmentSettings.Style;
import org.byol4j.image.Image;
import org.byol4j.image.TestImages;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Fast views are those of the plain implementation in double. */
class ViewMakerTest {
  /** Of normalized values, whose unit is about a quarter of the range of a pixel. */
  private static final double TOLERANCE = 2e-5;

  @ParameterizedTest
  @EnumSource
  void viewsEqualThePlainImplementation(Style style) {
    AugmentSettings settings = TestSettings.recipe(style, 48);
    ViewMaker maker = new ViewMaker(settings);
    int[][] shapes = {{75, 100}, {100, 60}, {30, 31}, {48, 48}, {300, 20}};
    for (int image = 0; image < 60; image++) {
      int[] shape = shapes[image % shapes.length];
      Image source =
          image % 2 == 0
              ? TestImages.waves(shape[0], shape[1], image)
              : TestImages.noise(shape[0], shape[1], image);
      int view = image % 3 == 0 ? 0 : 1;
      ViewParameters parameters =
          ViewParameters.draw(settings, shape[0], shape[1], 5, 2, image, view);
      FloatBuffer out = FloatBuffer.allocate(maker.length());
      maker.make(source, 5, 2, image, view, out, 0);
      assertClose(out, SlowViews.view(source, settings, parameters), 48, parameters);
    }
  }

  @Test
  void resizingInBlocksGivesTheSameBits() {
    Image source = TestImages.noise(90, 200, 3);
    CropBox box = new CropBox(5, 7, 80, 180);
    float[][][] whole = new float[3][50][50];
    float[][][] inBlocks = new float[3][50][50];
    new CropResize(50).resize(source, box, true, true, whole);
    new CropResize(50, 180 * 3 * 11).resize(source, box, true, true, inBlocks);
    assertThat(inBlocks).isDeepEqualTo(whole);
  }

  @Test
  void hugeShrinkingAveragesAllPixels() {
    Image source = TestImages.waves(900, 700, 1);
    CropBox box = new CropBox(0, 0, 900, 700);
    float[][][] planes = new float[3][8][8];
    new CropResize(8).resize(source, box, true, false, planes);
    double[][][] expected = SlowViews.resize(SlowViews.crop(source, box), 8, 8, true);
    for (int i = 0; i < 8 * 8 * 3; i++) {
      assertThat((double) planes[i % 3][i / 24][i / 3 % 8])
          .isCloseTo(expected[i / 3 % 8][i / 24][i % 3], within(1e-5));
    }
  }

  @Test
  void viewDoesNotDependOnWhatTheMakerDidBefore() {
    AugmentSettings settings = TestSettings.recipe(Style.TORCHVISION, 64);
    Image image = TestImages.waves(80, 90, 1);
    ViewMaker used = new ViewMaker(settings);
    FloatBuffer expected = FloatBuffer.allocate(used.length());
    FloatBuffer actual = FloatBuffer.allocate(used.length());
    new ViewMaker(settings).make(image, 1, 0, 9, 0, expected, 0);
    used.make(TestImages.noise(200, 333, 4), 1, 0, 8, 1, actual, 0);
    used.make(image, 1, 0, 9, 0, actual, 0);
    assertThat(actual.array()).isEqualTo(expected.array());
  }

  @Test
  void viewsLieSideBySideInADirectBuffer() {
    ViewMaker maker = new ViewMaker(TestSettings.recipe(Style.DEEPMIND, 32));
    Image image = TestImages.waves(40, 50, 1);
    FloatBuffer batch =
        ByteBuffer.allocateDirect(3 * maker.length() * Float.BYTES)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    maker.make(image, 1, 0, 9, 1, batch, maker.length());
    FloatBuffer alone = FloatBuffer.allocate(maker.length());
    maker.make(image, 1, 0, 9, 1, alone, 0);
    for (int i = 0; i < batch.capacity(); i++) {
      boolean second = i / maker.length() == 1;
      assertThat(batch.get(i)).isEqualTo(second ? alone.get(i - maker.length()) : 0);
    }
    assertThat(batch.position()).isZero();
  }

  @Test
  void makingAViewAllocatesNoPixels() {
    ViewMaker maker = new ViewMaker(TestSettings.recipe(Style.TORCHVISION, 96));
    Image image = TestImages.noise(120, 140, 1);
    FloatBuffer out = FloatBuffer.allocate(maker.length());
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    int views = 200;
    for (int i = 0; i < views; i++) {
      maker.make(image, 1, 0, i, 0, out, 0);
    }
    long before = threads.getThreadAllocatedBytes(thread);
    for (int i = 0; i < views; i++) {
      maker.make(image, 1, 0, i, 0, out, 0);
    }
    long perView = (threads.getThreadAllocatedBytes(thread) - before) / views;
    // the drawn parameters, a few hundred bytes; a plane would be 36,864
    assertThat(perView).isLessThan(1024);
  }

  static void assertClose(FloatBuffer actual, double[][][] expected, int size, Object what) {
    for (int i = 0; i < size * size * 3; i++) {
      double value = expected[i / 3 / size][i / 3 % size][i % 3];
      assertThat((double) actual.get(i)).as("i=%d %s", i, what).isCloseTo(value, within(TOLERANCE));
    }
  }
}
