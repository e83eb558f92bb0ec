package org.byol4j.data;

import org.byol4j.augment.PackedViews;

/**
 * One replica's rows of one micro-batch: the decoded pixels of each image, and what was drawn for
 * its two views.
 *
 * <p>It belongs to the consumer from {@link PixelLoader#take} to {@link PixelLoader#release}, after
 * which the loader fills it anew. Confined to the consumer's thread.
 */
public final class PixelBatch {
  private final BatchRows place;
  private final PackedViews views;

  PixelBatch(BatchRows place, PackedViews views) {
    this.place = place;
    this.views = views;
  }

  /** The optimizer step that it is for. */
  public long step() {
    return place.step();
  }

  /** The epoch of the step. */
  public int epoch() {
    return place.epoch();
  }

  /** How many rows it has: the same for the whole run. */
  public int rows() {
    return place.count();
  }

  /** The image of a row. */
  public int id(int row) {
    return place.id(row);
  }

  /** What the views are made of. */
  public PackedViews views() {
    return views;
  }

  BatchRows place() {
    return place;
  }
}
