package org.byol4j.eval;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.byol4j.device.ProjectionSums;

/**
 * How far the projections of a batch are from a collapse, measured at every step.
 *
 * <p>A replica measures its own rows; {@link #sums} may then be added up over the replicas, so that
 * each sees the whole batch. Nothing is allocated after the constructor.
 */
public final class CollapseMeasures {
  private static final int ROWS = 0;
  private static final int COSINES = 1;
  private static final int FIRST = 2;

  private final int width;
  private final double[] sums;

  /** Measures projections that are {@code width} wide. */
  public CollapseMeasures(int width) {
    this.width = width;
    this.sums = new double[ProjectionSums.length(width)];
  }

  /** Forgets all rows. */
  public void clear() {
    Arrays.fill(sums, 0);
  }

  /**
   * Adds the rows of a batch.
   *
   * @param predictions of the online network, {@code [rows, width]} from index 0 to the limit
   * @param projections of the target network, of the same shape
   */
  public void add(FloatBuffer predictions, FloatBuffer projections) {
    if (predictions.limit() != projections.limit() || projections.limit() % width != 0) {
      throw new IllegalArgumentException(
          "predictions=%d projections=%d, expected equal multiples of width=%d"
              .formatted(predictions.limit(), projections.limit(), width));
    }
    ProjectionSums.add(predictions, projections, width, sums);
  }

  /** The {@link ProjectionSums}; who has them from a device puts them here. */
  public double[] sums() {
    return sums;
  }

  /**
   * The mean over features of the standard deviation, over rows, of the normalized projections:
   * near {@code 1 / sqrt(width)} if they fill the sphere, 0 if they are all the same (Chen and He
   * 2020, section 4.1). With N - 1, as {@code torch.std}; 0 for a single row.
   */
  public double featureStd() {
    double rows = sums[ROWS];
    if (rows < 2) {
      return 0;
    }
    double total = 0;
    for (int f = FIRST; f < FIRST + width; f++) {
      double squares = sums[f + width] - sums[f] * sums[f] / rows;
      total += Math.sqrt(Math.max(0, squares) / (rows - 1));
    }
    return total / width;
  }

  /** The mean over rows of the cosine between prediction and projection. */
  public double cosine() {
    return sums[COSINES] / sums[ROWS];
  }
}
