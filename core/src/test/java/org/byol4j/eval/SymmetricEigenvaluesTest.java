package org.byol4j.eval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SymmetricEigenvaluesTest {

  @Test
  void eigenvaluesOfASmallMatrixAreThoseByHand() {
    // (2 - x)^2 = 1
    assertEigenvalues(new double[] {1, 3}, new double[][] {{2, 1}, {1, 2}});
  }

  @Test
  void eigenvaluesOfASecondDifferenceAreTheKnownOnes() {
    int n = 200;
    double[][] matrix = new double[n][n];
    double[] expected = new double[n];
    for (int i = 0; i < n; i++) {
      matrix[i][i] = 2;
      if (i > 0) {
        matrix[i][i - 1] = -1;
        matrix[i - 1][i] = -1;
      }
      expected[i] = 2 - 2 * Math.cos((i + 1) * Math.PI / (n + 1));
    }
    assertEigenvalues(expected, matrix);
  }

  @Test
  void eigenvaluesOfARotatedDiagonalAreTheDiagonal() {
    for (long seed = 1; seed <= 20; seed++) {
      Random random = new Random(seed);
      int n = 1 + random.nextInt(60);
      double[] expected = new double[n];
      double[][] matrix = new double[n][n];
      for (int i = 0; i < n; i++) {
        // some of them equal, some zero
        expected[i] = random.nextInt(4) * random.nextInt(10);
        matrix[i][i] = expected[i];
      }
      for (int turns = 0; turns < 10 * n && n > 1; turns++) {
        turn(matrix, random);
      }
      Arrays.sort(expected);
      assertArrayEquals(expected, sorted(matrix), 1e-11, "seed=" + seed + " n=" + n);
    }
  }

  @Test
  void eigenvaluesOfEqualRowsAreZerosAndTheTrace() {
    double[][] ones = new double[50][50];
    for (double[] row : ones) {
      Arrays.fill(row, 1);
    }
    double[] values = sorted(ones);
    assertEquals(50, values[49], 1e-12);
    assertEquals(0, values[48], 1e-12);
    assertEquals(0, values[0], 1e-12);
  }

  @Test
  void eigenvalueOfASingleValueIsThatValue() {
    assertEigenvalues(new double[] {-3}, new double[][] {{-3}});
    assertEigenvalues(new double[] {0, 0, 0}, new double[3][3]);
  }

  /** Rotates two axes, from both sides. */
  private static void turn(double[][] m, Random random) {
    int n = m.length;
    int p = random.nextInt(n);
    int q = (p + 1 + random.nextInt(n - 1)) % n;
    double angle = random.nextDouble() * 6;
    double c = Math.cos(angle);
    double s = Math.sin(angle);
    for (double[] row : m) {
      double a = row[p];
      row[p] = c * a - s * row[q];
      row[q] = s * a + c * row[q];
    }
    for (int j = 0; j < n; j++) {
      double a = m[p][j];
      m[p][j] = c * a - s * m[q][j];
      m[q][j] = s * a + c * m[q][j];
    }
  }

  private static void assertEigenvalues(double[] expected, double[][] matrix) {
    assertArrayEquals(expected, sorted(matrix), 1e-12);
  }

  private static double[] sorted(double[][] matrix) {
    double[] values = SymmetricEigenvalues.of(matrix);
    Arrays.sort(values);
    return values;
  }
}
