package org.byol4j.device;

import java.nio.FloatBuffer;

/**
 * Sums over the rows of predictions and projections, from which follows how far these are from a
 * collapse: the number of rows, the sum of the cosines between a row's prediction and projection,
 * then of each channel the sum of the normalized projections, then of each the sum of their
 * squares. Rows are normalized as in {@link Device#regressionLoss}; all in double.
 */
public final class ProjectionSums {
  private static final double LEAST_SQUARE = 1e-12;
  private static final int ROWS = 0;
  private static final int COSINES = 1;
  private static final int FIRST = 2;

  private ProjectionSums() {}

  /** How many figures there are for rows of so many channels. */
  public static int length(int channels) {
    return FIRST + 2 * channels;
  }

  /**
   * Adds rows to the sums.
   *
   * @param predictions {@code [rows, channels]} from index 0 to the limit
   * @param projections of the same shape
   * @param sums as long as {@link #length} says
   */
  public static void add(
      FloatBuffer predictions, FloatBuffer projections, int channels, double[] sums) {
    for (int start = 0; start < projections.limit(); start += channels) {
      addRow(predictions, projections, start, channels, sums);
    }
  }

  private static void addRow(
      FloatBuffer predictions, FloatBuffer projections, int start, int channels, double[] sums) {
    double predictionSquare = 0;
    double projectionSquare = 0;
    double product = 0;
    for (int i = start; i < start + channels; i++) {
      double prediction = predictions.get(i);
      double projection = projections.get(i);
      predictionSquare += prediction * prediction;
      projectionSquare += projection * projection;
      product += prediction * projection;
    }
    double factor = inverseRoot(projectionSquare);
    sums[ROWS]++;
    sums[COSINES] += product * inverseRoot(predictionSquare) * factor;
    for (int i = 0; i < channels; i++) {
      double value = projections.get(start + i) * factor;
      sums[FIRST + i] += value;
      sums[FIRST + channels + i] += value * value;
    }
  }

  private static double inverseRoot(double square) {
    return 1 / Math.sqrt(Math.max(square, LEAST_SQUARE));
  }
}
