package org.byol4j.paramserver.sharing;

import java.util.Arrays;

/**
 * The unit that the elements of each tensor are in: a power of two, so that going from one unit to
 * another rounds nothing.
 */
public final class TensorUnits {
  private final float[] units;

  private TensorUnits(float[] units) {
    this.units = units;
  }

  /** Units of 1, for so many tensors. */
  static TensorUnits ones(int tensors) {
    return of(new int[tensors]);
  }

  /** Units of {@code 2^logarithms[t]}, which are numbers that float32 and its inverse can hold. */
  static TensorUnits of(int... logarithms) {
    float[] units = new float[logarithms.length];
    for (int t = 0; t < units.length; t++) {
      units[t] = Math.scalb(1f, logarithms[t]);
    }
    return new TensorUnits(units);
  }

  /** The unit of a tensor. */
  float of(int tensor) {
    return units[tensor];
  }

  /** The units, by tensor. */
  @Override
  public String toString() {
    return Arrays.toString(units);
  }
}
