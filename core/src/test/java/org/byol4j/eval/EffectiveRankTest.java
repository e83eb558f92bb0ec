package org.byol4j.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.FloatBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EffectiveRankTest {

  @Test
  void orthogonalRowsUseAsManyDirectionsAsThereAreRows() {
    assertEquals(3, rank(4, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 3), 1e-12);
  }

  @Test
  void equalRowsUseOneDirection() {
    assertEquals(1, rank(2, 3, 4, 3, 4, 6, 8), 1e-12);
    assertEquals(1, rank(5, 1, 2, 3, 4, 5, 2, 4, 6, 8, 10), 1e-12);
  }

  @Test
  void oppositeRowsUseOneDirection() {
    assertEquals(1, rank(2, 3, 4, -3, -4), 1e-12);
  }

  @Test
  void unevenDirectionsCountForLess() {
    // three rows along one axis, one along the other: singular values sqrt(3) and 1
    double share = Math.sqrt(3) / (Math.sqrt(3) + 1);
    double expected = Math.exp(-share * Math.log(share) - (1 - share) * Math.log(1 - share));
    assertEquals(expected, rank(2, 1, 0, 1, 0, 1, 0, 0, 1), 1e-7);
    assertEquals(1.92862, expected, 1e-5);
  }

  @Test
  void rankOfATallMatrixIsThatOfItsTransposedGram() {
    // zero features change nothing but the side from which the matrix is looked at
    Random random = new Random(5);
    float[] tall = new float[20 * 6];
    float[] wide = new float[20 * 40];
    for (int row = 0; row < 20; row++) {
      for (int f = 0; f < 6; f++) {
        tall[row * 6 + f] = (float) random.nextGaussian();
        wide[row * 40 + f] = tall[row * 6 + f];
      }
    }
    assertEquals(rank(6, tall), rank(40, wide), 1e-10);
  }

  @Test
  void rankOfRandomRowsIsNearlyTheWidth() {
    Random random = new Random(7);
    float[] rows = new float[256 * 32];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) random.nextGaussian();
    }
    assertEquals(31.2, rank(32, rows), 0.6);
  }

  @Test
  void rowsBeyondTheLimitAreNotLookedAt() {
    float[] rows = new float[2 * (EffectiveRank.MAX_ROWS + 1)];
    for (int row = 0; row <= EffectiveRank.MAX_ROWS; row++) {
      rows[2 * row] = 1;
    }
    rows[rows.length - 1] = 1;
    assertEquals(1, rank(2, rows), 1e-6);
  }

  @Test
  void rankOfWhatIsNotANumberIsNotANumber() {
    assertEquals(Double.NaN, rank(2, 1, 0, Float.NaN, 1));
    assertEquals(Double.NaN, rank(2, 1, 0, Float.POSITIVE_INFINITY, 1));
  }

  @Test
  void rowsOfZerosHaveRankOne() {
    assertEquals(1, rank(2, 0, 0, 0, 0));
  }

  @Test
  void rankOfNothingIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> rank(2));
    assertThrows(IllegalArgumentException.class, () -> rank(2, 1, 2, 3));
  }

  private static double rank(int width, float... rows) {
    return EffectiveRank.of(FloatBuffer.wrap(rows), width);
  }
}
