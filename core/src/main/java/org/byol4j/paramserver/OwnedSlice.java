package org.byol4j.paramserver;

import java.util.ArrayList;
import java.util.List;
import org.byol4j.device.MomentumStep;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.parameters.Slice;

/**
 * The part of a slice that lies in this replica's range.
 *
 * @param index the slice's place in the table
 * @param momentum a range of the owner's momentum, which covers only what it owns
 */
record OwnedSlice(int index, Slice slice, Tensor weights, Tensor gradients, Tensor momentum) {

  /** What the optimizer works on. */
  MomentumStep.Range range() {
    return new MomentumStep.Range(gradients, momentum, weights);
  }

  /**
   * The parts of the slices that lie in {@code [from, to)}, in their order; a slice of which
   * nothing does has none.
   *
   * @param weights all weights
   * @param gradients all gradients
   * @param momentum that of the range
   */
  static OwnedSlice[] between(
      long from,
      long to,
      List<Slice> slices,
      Tensor weights,
      Tensor gradients,
      OwnedMomentum momentum) {
    List<OwnedSlice> parts = new ArrayList<>();
    for (int i = 0; i < slices.size(); i++) {
      Slice slice = slices.get(i);
      long start = Math.max(from, slice.offset());
      int length = (int) (Math.min(to, slice.end()) - start);
      if (length > 0) {
        Shape shape = Shape.vector(length);
        parts.add(
            new OwnedSlice(
                i,
                slice,
                weights.view(start, shape),
                gradients.view(start, shape),
                momentum.view(start, length)));
      }
    }
    return parts.toArray(OwnedSlice[]::new);
  }
}
