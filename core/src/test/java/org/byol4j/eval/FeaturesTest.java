package org.byol4j.eval;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class FeaturesTest {
  private static final List<String> CLASSES = List.of("cat", "dog");

  @Test
  void normalizedRowHasLengthOne() {
    float[] row = new float[2];
    new Features(new float[] {0, 0, 3, 4}, new int[] {0, 1}, CLASSES).normalized(1, row);

    assertArrayEquals(new float[] {.6f, .8f}, row, 1e-7f);
  }

  @Test
  void normalizedRowOfZerosStaysZero() {
    float[] row = {7, 7};
    new Features(new float[] {0, 0, 3, 4}, new int[] {0, 1}, CLASSES).normalized(0, row);

    assertArrayEquals(new float[] {0, 0}, row);
  }

  @Test
  void noImagesAreRefused() {
    expectRefused("values=0 rows=0", new float[0]);
  }

  @Test
  void unevenRowsAreRefused() {
    expectRefused("values=3 rows=2", new float[3], 0, 1);
  }

  @Test
  void imageWithoutClassIsRefused() {
    expectRefused("row=1 has label=-1, expected the index of one of 2", new float[2], 0, -1);
    expectRefused("row=0 has label=2, expected the index of one of 2", new float[2], 2, 0);
  }

  @Test
  void featureThatIsNotFiniteIsRefused() {
    expectRefused("row=1 feature=0 is NaN", new float[] {1, 2, Float.NaN, 4}, 0, 1);
    expectRefused("row=0 feature=1 is -Infinity", new float[] {1, -1f / 0, 3, 4}, 0, 1);
  }

  @Test
  void collectorTakesTheRowsThatCountOfEachBatch() {
    FeatureCollector collector = new FeatureCollector(new PixelFeatures(2), 2, 3);
    collector.add(FloatBuffer.wrap(new float[] {1, 0, 3, 4}), 0, 1);
    collector.add(FloatBuffer.wrap(new float[] {0, 2, 9, 9}), 1);
    Features features = collector.take(CLASSES);

    assertEquals(3, features.rows());
    assertEquals(2, features.width());
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

    assertThatThrownBy(() -> collector.take(CLASSES))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("rows=2, expected 3");
  }

  @Test
  void moreFeaturesThanAnArrayHoldsAreRefused() {
    assertThatThrownBy(() -> new FeatureCollector(new PixelFeatures(150_528), 1, 50_000))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining("images=50000 width=150528 make 7526400000 features");
  }

  private static void expectRefused(String message, float[] values, int... labels) {
    assertThatThrownBy(() -> new Features(values, labels, CLASSES))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining(message);
  }
}
