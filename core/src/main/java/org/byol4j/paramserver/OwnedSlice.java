package org.byol4j.paramserver;

import org.byol4j.device.Tensor;
import org.byol4j.parameters.Slice;

/**
 * The part of a slice that lies in this replica's range.
 *
 * @param index the slice's place in the table
 * @param momentum a range of the owner's momentum, which covers only what it owns
 */
record OwnedSlice(int index, Slice slice, Tensor weights, Tensor gradients, Tensor momentum) {}
