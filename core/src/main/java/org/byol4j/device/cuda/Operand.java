package org.byol4j.device.cuda;

import org.byol4j.device.Op;

/** A tensor as a convolution gets it: as it lies, or a copy in an area. */
final class Operand {

  private static final Op NOTHING = () -> {};

  private final CudaTensor tensor;
  private final Area area;
  private final boolean isDirect;
  private final Op before;
  private final Op after;

  private Operand(CudaTensor tensor, Area area, boolean isDirect, Op before, Op after) {
    this.tensor = tensor;
    this.area = area;
    this.isDirect = isDirect;
    this.before = before;
    this.after = after;
  }

  /** One that is read. */
  static Operand read(Placement placement, CudaTensor tensor, Area area) {
    boolean direct = placement.isDirect(tensor);
    return new Operand(
        tensor, area, direct, direct ? NOTHING : placement.into(tensor, area), NOTHING);
  }

  /** One that is written. */
  static Operand written(Placement placement, CudaTensor tensor, Area area) {
    boolean direct = placement.isDirect(tensor);
    return new Operand(
        tensor, area, direct, NOTHING, direct ? NOTHING : placement.outOf(area, tensor));
  }

  /** What precedes the convolution. */
  void before() {
    tensor.memory().requireOpen();
    before.run();
  }

  /** What follows it. */
  void after() {
    after.run();
  }

  /** Where the convolution reads or writes. */
  long address() {
    return isDirect ? tensor.address() : area.address();
  }
}
