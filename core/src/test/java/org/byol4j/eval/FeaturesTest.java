package org.byol4j.eval;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

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

  private static void expectRefused(String message, float[] values, int... labels) {
    assertThatThrownBy(() -> new Features(values, labels, CLASSES))
        .isInstanceOf(EvaluationException.class)
        .hasMessageContaining(message);
  }
}
