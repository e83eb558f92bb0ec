package org.byol4j.eval;

import java.util.List;

/**
 * The features of labelled images, {@code [rows, width]}.
 *
 * <p>Arrays are not copied; they must not change any more.
 */
public final class Features {
  private final float[] values;
  private final int[] labels;
  private final List<String> classes;

  /**
   * Takes features.
   *
   * @param values row by row
   * @param labels of each row the index of its class
   * @param classes the names of the classes
   * @throws EvaluationException if there are no rows, a row has no class, or a value is not finite
   */
  public Features(float[] values, int[] labels, List<String> classes) {
    if (labels.length == 0 || values.length == 0 || values.length % labels.length != 0) {
      throw new EvaluationException(
          "features: values=%d rows=%d, expected rows x width, neither of them 0"
              .formatted(values.length, labels.length));
    }
    this.values = values;
    this.labels = labels;
    this.classes = List.copyOf(classes);
    for (int row = 0; row < labels.length; row++) {
      check(row);
    }
  }

  /** The number of images, at least 1. */
  public int rows() {
    return labels.length;
  }

  /** The number of features per image, at least 1. */
  public int width() {
    return values.length / labels.length;
  }

  /** The names that labels are indices of. */
  public List<String> classes() {
    return classes;
  }

  /** The index of a row's class. */
  public int label(int row) {
    return labels[row];
  }

  /** Copies a row, divided by its Euclidean norm or by 1e-12, whichever is larger. */
  void normalized(int row, float[] to) {
    int width = width();
    int start = row * width;
    double sum = 0;
    for (int i = 0; i < width; i++) {
      sum += (double) values[start + i] * values[start + i];
    }
    double factor = 1 / Math.max(Math.sqrt(sum), 1e-12);
    for (int i = 0; i < width; i++) {
      to[i] = (float) (values[start + i] * factor);
    }
  }

  private void check(int row) {
    if (labels[row] < 0 || labels[row] >= classes.size()) {
      throw new EvaluationException(
          "row=%d has label=%d, expected the index of one of %d classes"
              .formatted(row, labels[row], classes.size()));
    }
    int width = width();
    for (int i = 0; i < width; i++) {
      if (!Float.isFinite(values[row * width + i])) {
        throw new EvaluationException(
            "row=%d feature=%d is %s, expected a finite value"
                .formatted(row, i, values[row * width + i]));
      }
    }
  }
}
