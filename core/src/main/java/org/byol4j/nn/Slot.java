package org.byol4j.nn;

import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;

/** A tensor to be: its shape and its place in the arena, known before the arena has memory. */
final class Slot {
  private final Shape shape;
  private final long offset;
  private int holders = 1;
  private Tensor tensor;

  Slot(Shape shape, long offset) {
    this.shape = shape;
    this.offset = offset;
  }

  Shape shape() {
    return shape;
  }

  long offset() {
    return offset;
  }

  /** The tensor; only operations that are being bound may ask for it. */
  Tensor tensor() {
    if (tensor == null) {
      throw new IllegalStateException("the plan has no memory yet: shape=%s".formatted(shape));
    }
    return tensor;
  }

  void place(Tensor arena) {
    tensor = arena.view(offset, shape);
  }

  void retain() {
    if (holders == 0) {
      throw new IllegalStateException("retained after its release: shape=%s".formatted(shape));
    }
    holders++;
  }

  /** Whether it has more than one holder. */
  boolean isShared() {
    return holders > 1;
  }

  /** Returns whether nobody holds this tensor any more. */
  boolean release() {
    if (holders == 0) {
      throw new IllegalStateException("released twice: shape=%s".formatted(shape));
    }
    holders--;
    return holders == 0;
  }
}
