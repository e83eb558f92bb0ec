package org.byol4j.device.nd4j;

import org.nd4j.linalg.api.ndarray.INDArray;

/** An array as an operation sees it: a view of some place, of a shape that suits the operation. */
final class Operand {

  private final Place place;
  private final long offset;
  private final long[] shape;
  private final long[] strides;
  private Memory seen;
  private INDArray array;

  private Operand(Place place, long offset, long[] shape, long[] strides) {
    this.place = place;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }

  /** Elements one after another, from {@code offset} on. */
  static Operand dense(Place place, long offset, long... shape) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= shape[axis];
    }
    return new Operand(place, offset, shape.clone(), strides);
  }

  /**
   * The part of an image {@code [batch, height, width, channels]} that begins {@code top} rows and
   * {@code left} columns in.
   */
  Operand within(long top, long left, long height, long width) {
    return new Operand(
        place,
        offset + top * strides[1] + left * strides[2],
        new long[] {shape[0], height, width, shape[3]},
        strides);
  }

  long elements() {
    long elements = 1;
    for (long length : shape) {
      elements *= length;
    }
    return elements;
  }

  /**
   * The array, to be asked for before each run: another object when the place has moved.
   *
   * @throws IllegalStateException if its memory is gone
   */
  INDArray array() {
    Memory now = place.memory();
    now.requireOpen();
    if (seen != now) {
      array = now.view(offset, shape, strides);
      seen = now;
    }
    return array;
  }
}
