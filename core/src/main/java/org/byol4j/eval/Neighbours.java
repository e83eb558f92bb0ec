package org.byol4j.eval;

/**
 * The most similar images of one query so far: a heap whose root is the worst of them. Of equally
 * similar images the one with the lower row is better.
 */
final class Neighbours {
  private final float[] similarities;
  private final int[] rows;
  private int count;

  /** Makes room for the best {@code k}, at least 1. */
  Neighbours(int k) {
    this.similarities = new float[k];
    this.rows = new int[k];
  }

  int count() {
    return count;
  }

  float similarity(int n) {
    return similarities[n];
  }

  int row(int n) {
    return rows[n];
  }

  /** Offers images of rising rows, {@code firstRow} and on, all above those offered before. */
  void offer(float[] offered, int offeredCount, int firstRow) {
    int i = 0;
    for (; i < offeredCount && count < rows.length; i++) {
      add(offered[i], firstRow + i);
    }
    if (i == offeredCount) {
      return;
    }
    float worst = similarities[0];
    for (; i < offeredCount; i++) {
      // an equal one has the higher row
      if (offered[i] > worst) {
        sink(0, count, offered[i], firstRow + i);
        worst = similarities[0];
      }
    }
  }

  /** Orders the neighbours, the best first; nothing can be offered any more. */
  void sort() {
    for (int end = count - 1; end > 0; end--) {
      float similarity = similarities[end];
      int row = rows[end];
      similarities[end] = similarities[0];
      rows[end] = rows[0];
      sink(0, end, similarity, row);
    }
  }

  private void add(float similarity, int row) {
    int at = count++;
    while (at > 0 && isWorse(similarity, row, (at - 1) / 2)) {
      move((at - 1) / 2, at);
      at = (at - 1) / 2;
    }
    similarities[at] = similarity;
    rows[at] = row;
  }

  /** Puts an image at {@code from} and lets it sink to its place among the first {@code size}. */
  private void sink(int from, int size, float similarity, int row) {
    int at = from;
    while (2 * at + 1 < size) {
      int child = 2 * at + 1;
      if (child + 1 < size && isWorse(similarities[child + 1], rows[child + 1], child)) {
        child++;
      }
      if (isWorse(similarity, row, child)) {
        break;
      }
      move(child, at);
      at = child;
    }
    similarities[at] = similarity;
    rows[at] = row;
  }

  private boolean isWorse(float similarity, int row, int than) {
    return similarity < similarities[than]
        || (similarity == similarities[than] && row > rows[than]);
  }

  private void move(int from, int to) {
    similarities[to] = similarities[from];
    rows[to] = rows[from];
  }
}
