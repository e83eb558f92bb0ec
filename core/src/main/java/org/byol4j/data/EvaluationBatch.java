package org.byol4j.data;

import java.nio.FloatBuffer;

/**
 * Images as evaluation sees them, {@code [rows, size, size, 3]}, normalized float32, channels last.
 *
 * <p>It belongs to the consumer from {@link EvaluationImages#take} to {@link
 * EvaluationImages#release}.
 */
public final class EvaluationBatch {
  private final int slot;
  private final int[] ids;
  private final int[] labels;
  private final FloatBuffer images;
  private int count;

  EvaluationBatch(int slot, int rows, FloatBuffer images) {
    this.slot = slot;
    this.ids = new int[rows];
    this.labels = new int[rows];
    this.images = images;
  }

  /** How many of the rows are images, at least 1; what is in the others means nothing. */
  public int count() {
    return count;
  }

  /** How many rows there is room for: the same in every batch. */
  public int rows() {
    return ids.length;
  }

  /** The image of a row. */
  public int id(int row) {
    return ids[row];
  }

  /** The label of a row, the index of its class in the store's manifest; -1 without a class. */
  public int label(int row) {
    return labels[row];
  }

  /** All rows, between position 0 and the limit. */
  public FloatBuffer images() {
    return images.clear();
  }

  /** The rows' memory, for absolute access. */
  FloatBuffer memory() {
    return images;
  }

  int slot() {
    return slot;
  }

  void begin(ImageStore store, int[] from, int start) {
    count = Math.min(ids.length, from.length - start);
    for (int row = 0; row < count; row++) {
      ids[row] = from[start + row];
      labels[row] = store.label(ids[row]);
    }
  }
}
