package org.byol4j.eval;

import java.nio.FloatBuffer;

/**
 * How many directions the rows of a matrix use (Roy and Vetterli 2007, "The effective rank",
 * definition 1): the exponential of the entropy of the singular values, divided by their sum. It is
 * 1 if all rows lie on one line through 0, and at most the smaller side of the matrix.
 *
 * <p>Rows are normalized first, and not centred, so that rows that are all the same have rank 1.
 */
public final class EffectiveRank {
  /** Rows beyond these are not looked at: the cost grows with the cube. */
  public static final int MAX_ROWS = 256;

  private EffectiveRank() {}

  /**
   * The effective rank of {@code [rows, width]}, of at most the first {@link #MAX_ROWS} rows.
   *
   * @param matrix from index 0 to the limit, at least one row
   * @param width at least 1
   * @return NaN if a value is not finite
   */
  public static double of(FloatBuffer matrix, int width) {
    if (width < 1 || matrix.limit() == 0 || matrix.limit() % width != 0) {
      throw new IllegalArgumentException(
          "values=%d width=%d, expected a multiple above 0".formatted(matrix.limit(), width));
    }
    double[][] rows = new double[Math.min(MAX_ROWS, matrix.limit() / width)][width];
    for (int row = 0; row < rows.length; row++) {
      double square = normalize(matrix, row * width, rows[row]);
      if (!Double.isFinite(square)) {
        return Double.NaN;
      }
    }
    return Math.exp(entropy(roots(SymmetricEigenvalues.of(gram(rows)))));
  }

  private static double normalize(FloatBuffer matrix, int start, double[] to) {
    double square = 0;
    for (int i = 0; i < to.length; i++) {
      to[i] = matrix.get(start + i);
      square += to[i] * to[i];
    }
    double factor = 1 / Math.sqrt(Math.max(square, 1e-12));
    for (int i = 0; i < to.length; i++) {
      to[i] *= factor;
    }
    return square;
  }

  /** The smaller of {@code M M^T} and {@code M^T M}: but for zeros, their eigenvalues agree. */
  private static double[][] gram(double[][] m) {
    int width = m[0].length;
    if (m.length <= width) {
      return gramOfRows(m);
    }
    double[][] gram = new double[width][width];
    for (double[] row : m) {
      for (int i = 0; i < width; i++) {
        for (int j = 0; j < width; j++) {
          gram[i][j] += row[i] * row[j];
        }
      }
    }
    return gram;
  }

  private static double[][] gramOfRows(double[][] m) {
    double[][] gram = new double[m.length][m.length];
    for (int i = 0; i < m.length; i++) {
      for (int j = 0; j <= i; j++) {
        double sum = 0;
        for (int k = 0; k < m[i].length; k++) {
          sum += m[i][k] * m[j][k];
        }
        gram[i][j] = sum;
        gram[j][i] = sum;
      }
    }
    return gram;
  }

  /**
   * Rounding leaves of a zero up to about this share of the largest, and a root makes it matter.
   */
  private static double[] roots(double[] squares) {
    double largest = 0;
    for (double square : squares) {
      largest = Math.max(largest, square);
    }
    double zero = squares.length * Math.ulp(largest);
    double[] roots = new double[squares.length];
    for (int i = 0; i < roots.length; i++) {
      roots[i] = squares[i] > zero ? Math.sqrt(squares[i]) : 0;
    }
    return roots;
  }

  private static double entropy(double[] shares) {
    double sum = 0;
    for (double share : shares) {
      sum += share;
    }
    double entropy = 0;
    for (double share : shares) {
      entropy -= share > 0 ? share / sum * Math.log(share / sum) : 0;
    }
    return entropy;
  }
}
