package org.byol4j.paramserver.sharing;

import java.nio.FloatBuffer;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;

/**
 * Which elements of a flat gradient are encoded, those of weights, and which go as they are: those
 * of biases and normalizations, a thousandth of all, which a threshold would hold up.
 */
public final class SharedElements {
  private final ParameterTable table;
  private final int encoded;

  public SharedElements(ParameterTable table) {
    this.table = table;
    this.encoded = table.weights();
  }

  /** How many elements are encoded. */
  public int encoded() {
    return encoded;
  }

  /** How many elements go as they are. */
  public int dense() {
    return table.length() - encoded;
  }

  /** Deals the flat values {@code all} out to both kinds, each in the table's order. */
  public void split(float[] all, float[] toEncode, FloatBuffer dense) {
    int encodedAt = 0;
    int denseAt = 0;
    for (Slice slice : table.slices()) {
      int from = (int) slice.offset();
      if (slice.kind().isNormOrBias()) {
        dense.put(denseAt, all, from, slice.length());
        denseAt += slice.length();
      } else {
        System.arraycopy(all, from, toEncode, encodedAt, slice.length());
        encodedAt += slice.length();
      }
    }
  }

  /** Puts both kinds together again. */
  public void join(float[] decoded, FloatBuffer dense, float[] all) {
    int decodedAt = 0;
    int denseAt = 0;
    for (Slice slice : table.slices()) {
      int to = (int) slice.offset();
      if (slice.kind().isNormOrBias()) {
        dense.get(denseAt, all, to, slice.length());
        denseAt += slice.length();
      } else {
        System.arraycopy(decoded, decodedAt, all, to, slice.length());
        decodedAt += slice.length();
      }
    }
  }
}
