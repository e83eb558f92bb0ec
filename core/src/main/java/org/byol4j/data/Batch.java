package org.byol4j.data;

import java.nio.FloatBuffer;

/**
 * One replica's rows of one micro-batch: two views of each image, {@code [rows, size, size, 3]},
 * normalized float32, channels last.
 *
 * <p>It belongs to the consumer from {@link BatchLoader#take} to {@link BatchLoader#release}, after
 * which the loader fills it anew. Confined to the consumer's thread.
 */
public final class Batch {
  private final BatchRows place;
  private final FloatBuffer view1;
  private final FloatBuffer view2;

  Batch(BatchRows place, FloatBuffer view1, FloatBuffer view2) {
    this.place = place;
    this.view1 = view1;
    this.view2 = view2;
  }

  /** The optimizer step that it is for. */
  public long step() {
    return place.step();
  }

  /** The epoch of the step. */
  public int epoch() {
    return place.epoch();
  }

  /** Which part of the step's batch it is. */
  public int microBatch() {
    return place.microBatch();
  }

  /** How many rows it has: the same for the whole run. */
  public int rows() {
    return place.count();
  }

  /** The image of a row. */
  public int id(int row) {
    return place.id(row);
  }

  /** The first views, all of them between position 0 and the limit. */
  public FloatBuffer view1() {
    return view1.clear();
  }

  /** The second views, all of them between position 0 and the limit. */
  public FloatBuffer view2() {
    return view2.clear();
  }

  /** The first views' memory, for absolute access. */
  FloatBuffer view1Memory() {
    return view1;
  }

  /** The second views' memory, for absolute access. */
  FloatBuffer view2Memory() {
    return view2;
  }

  BatchRows place() {
    return place;
  }
}
