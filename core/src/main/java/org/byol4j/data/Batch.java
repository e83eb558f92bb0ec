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
  private final int slot;
  private final int[] ids;
  private final FloatBuffer view1;
  private final FloatBuffer view2;
  private long step;
  private int epoch;
  private int microBatch;

  Batch(int slot, int rows, FloatBuffer view1, FloatBuffer view2) {
    this.slot = slot;
    this.ids = new int[rows];
    this.view1 = view1;
    this.view2 = view2;
  }

  /** The optimizer step that it is for. */
  public long step() {
    return step;
  }

  /** The epoch of the step. */
  public int epoch() {
    return epoch;
  }

  /** Which part of the step's batch it is. */
  public int microBatch() {
    return microBatch;
  }

  /** How many rows it has: the same for the whole run. */
  public int rows() {
    return ids.length;
  }

  /** The image of a row. */
  public int id(int row) {
    return ids[row];
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

  int slot() {
    return slot;
  }

  void begin(ReplicaOrder order, long newStep, int newEpoch, int newMicroBatch) {
    step = newStep;
    epoch = newEpoch;
    microBatch = newMicroBatch;
    order.ids(newStep, newMicroBatch, ids);
  }
}
