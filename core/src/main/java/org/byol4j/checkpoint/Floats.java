package org.byol4j.checkpoint;

import java.nio.FloatBuffer;

/** A sequence of float32 values that is read piece by piece, as often as asked. */
public interface Floats {

  /** The number of values. */
  int length();

  /** Fills what remains in {@code to} with the values from index {@code from} on. */
  void read(int from, FloatBuffer to);

  /** The values of an array, which is not copied. */
  static Floats of(float[] values) {
    return new Floats() {
      @Override
      public int length() {
        return values.length;
      }

      @Override
      public void read(int from, FloatBuffer to) {
        to.put(values, from, to.remaining());
      }
    };
  }
}
