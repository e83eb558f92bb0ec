package org.byol4j.paramserver.sharing;

import java.nio.FloatBuffer;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;

/**
 * Which elements of a flat gradient are encoded, those of weights, and which go as they are: those
 * of biases and normalizations, a thousandth of all, which a threshold would hold up.
 *
 * <p>Elements of different tensors are of different size by orders of magnitude: of one threshold
 * for all of them those of the largest would have everything, and those of the smallest would wait
 * for hundreds of steps. So each tensor is encoded in a unit of its own.
 */
public final class SharedElements {
  /** A unit is within 2^-60 and 2^60, so that neither it nor its inverse leaves float32. */
  private static final int MOST_LOGARITHM = 60;

  private final ParameterTable table;
  private final int[] lengths;
  private final int encoded;

  /**
   * Divides the elements of {@code table}, that of the online network, by the kind of their slice.
   */
  public SharedElements(ParameterTable table) {
    this.table = table;
    this.lengths =
        table.slices().stream()
            .filter(slice -> !slice.kind().isNormOrBias())
            .mapToInt(Slice::length)
            .toArray();
    this.encoded = table.weights();
  }

  /** How many elements are encoded. */
  public int encoded() {
    return encoded;
  }

  /** How many elements each tensor has that is encoded. */
  public int[] lengths() {
    return lengths.clone();
  }

  /** How many elements go as they are. */
  public int dense() {
    return table.length() - encoded;
  }

  /**
   * The units for gradients of such size: for each tensor that is encoded the root mean square of
   * its elements over that of all encoded ones, rounded down to a power of two. The same on any
   * processor.
   *
   * @param squares the sum of squares of each slice of the table, 0 for no gradient at all
   */
  public TensorUnits units(double[] squares) {
    double all = 0;
    for (int i = 0; i < squares.length; i++) {
      all += isEncoded(i) ? squares[i] : 0;
    }
    int[] logarithms = new int[lengths.length];
    int tensor = 0;
    for (int i = 0; i < squares.length; i++) {
      if (isEncoded(i)) {
        double ratio = squares[i] / lengths[tensor] / (all / encoded);
        // log2 of the root, rounded down: half of the exponent
        logarithms[tensor] =
            ratio > 0
                ? Math.max(-MOST_LOGARITHM, Math.min(MOST_LOGARITHM, Math.getExponent(ratio) >> 1))
                : 0;
        tensor++;
      }
    }
    return TensorUnits.of(logarithms);
  }

  private boolean isEncoded(int slice) {
    return !table.slices().get(slice).kind().isNormOrBias();
  }

  /**
   * Deals the flat values {@code all} out to both kinds, each in the table's order.
   *
   * @param units what {@code toEncode} is in; see {@link #units}
   */
  public void split(float[] all, TensorUnits units, float[] toEncode, FloatBuffer dense) {
    int encodedAt = 0;
    int denseAt = 0;
    int tensor = 0;
    for (Slice slice : table.slices()) {
      int from = (int) slice.offset();
      if (slice.kind().isNormOrBias()) {
        dense.put(denseAt, all, from, slice.length());
        denseAt += slice.length();
      } else {
        scale(all, from, 1 / units.of(tensor), toEncode, encodedAt, slice.length());
        encodedAt += slice.length();
        tensor++;
      }
    }
  }

  /**
   * Puts both kinds together again.
   *
   * @param units what {@code decoded} is in
   */
  public void join(float[] decoded, TensorUnits units, FloatBuffer dense, float[] all) {
    int decodedAt = 0;
    int denseAt = 0;
    int tensor = 0;
    for (Slice slice : table.slices()) {
      int to = (int) slice.offset();
      if (slice.kind().isNormOrBias()) {
        dense.get(denseAt, all, to, slice.length());
        denseAt += slice.length();
      } else {
        scale(decoded, decodedAt, units.of(tensor), all, to, slice.length());
        decodedAt += slice.length();
        tensor++;
      }
    }
  }

  /** {@code to = factor * from}. */
  private static void scale(
      float[] from, int fromAt, float factor, float[] to, int toAt, int length) {
    for (int i = 0; i < length; i++) {
      to[toAt + i] = factor * from[fromAt + i];
    }
  }
}
