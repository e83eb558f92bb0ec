package org.byol4j.paramserver;

import java.nio.ByteBuffer;
import org.byol4j.collective.Collective;
import org.byol4j.collective.ForwardingCollective;
import org.byol4j.collective.Vector;

/** A group from which one gathered vector comes with one bit of its first element flipped. */
final class DamagedGather extends ForwardingCollective {
  private int gathersBefore;

  /** Damages the gather after {@code gathersBefore} good ones. */
  DamagedGather(Collective group, int gathersBefore) {
    super(group);
    this.gathersBefore = gathersBefore;
  }

  @Override
  public void allGather(Vector values, long[] bounds) {
    super.allGather(values, bounds);
    if (gathersBefore-- == 0) {
      double value = values.read(0, 1).asDoubleBuffer().get(0);
      ByteBuffer damaged = values.write(0, 1);
      damaged.asDoubleBuffer().put(0, Double.longBitsToDouble(Double.doubleToLongBits(value) ^ 1));
      values.written(0, 1);
    }
  }
}
