package org.byol4j.eval;

/** What a collapse is noticed by, beside the std of the projections. */
public final class CollapseMeasures {
  private CollapseMeasures() {}

  /**
   * How many directions the rows of a matrix use: the exponential of the entropy of its singular
   * values, divided by their sum (Roy and Vetterli 2007, "The effective rank", definition 1). It is
   * 1 if all rows lie on one line through 0, and at most the smaller side of the matrix. Rows are
   * not centred, so rows that are all the same have rank 1.
   *
   * <p>Allocates; the cost grows with the cube of the smaller side.
   *
   * @param normalizedRows {@code [rows, width]}, each row of norm 1; at least one row
   * @param width at least 1
   * @return NaN if a value is not finite
   */
  public static double effectiveRank(float[] normalizedRows, int width) {
    if (width < 1 || normalizedRows.length == 0 || normalizedRows.length % width != 0) {
      throw new IllegalArgumentException(
          "values=%d width=%d, expected a multiple above 0"
              .formatted(normalizedRows.length, width));
    }
    for (float value : normalizedRows) {
      if (!Float.isFinite(value)) {
        return Double.NaN;
      }
    }
    double[][] gram =
        normalizedRows.length / width <= width
            ? gramOfRows(normalizedRows, width)
            : gramOfColumns(normalizedRows, width);
    return Math.exp(entropyOfRoots(SymmetricEigenvalues.of(gram)));
  }

  /** {@code M M^T}; its eigenvalues but zeros are those of {@code M^T M}, squared singular values. */
  private static double[][] gramOfRows(float[] m, int width) {
    int rows = m.length / width;
    double[][] gram = new double[rows][rows];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j <= i; j++) {
        double sum = 0;
        for (int k = 0; k < width; k++) {
          sum += (double) m[i * width + k] * m[j * width + k];
        }
        gram[i][j] = sum;
        gram[j][i] = sum;
      }
    }
    return gram;
  }

  /** {@code M^T M}. */
  private static double[][] gramOfColumns(float[] m, int width) {
    double[][] gram = new double[width][width];
    for (int start = 0; start < m.length; start += width) {
      for (int i = 0; i < width; i++) {
        double[] row = gram[i];
        double value = m[start + i];
        for (int j = 0; j < width; j++) {
          row[j] += value * m[start + j];
        }
      }
    }
    return gram;
  }

  private static double entropyOfRoots(double[] squares) {
    double sum = 0;
    for (double square : squares) {
      sum += Math.sqrt(Math.max(0, square));
    }
    double entropy = 0;
    for (double square : squares) {
      double share = Math.sqrt(Math.max(0, square)) / sum;
      entropy -= share > 0 ? share * Math.log(share) : 0;
    }
    return entropy;
  }
}
