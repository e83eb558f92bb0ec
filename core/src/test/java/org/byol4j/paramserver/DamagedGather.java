package org.byol4j.paramserver;

import java.nio.ByteBuffer;
import org.byol4j.collective.Collective;
import org.byol4j.collective.Vector;

/** A group from which one gathered vector comes with one bit of its first element flipped. */
final class DamagedGather implements Collective {
  private final Collective group;
  private int gathersBefore;

  /** Damages the gather after {@code gathersBefore} good ones. */
  DamagedGather(Collective group, int gathersBefore) {
    this.group = group;
    this.gathersBefore = gathersBefore;
  }

  @Override
  public int rank() {
    return group.rank();
  }

  @Override
  public int size() {
    return group.size();
  }

  @Override
  public void allReduceSum(double[] values) {
    group.allReduceSum(values);
  }

  @Override
  public void allGather(double[] mine, double[] all) {
    group.allGather(mine, all);
  }

  @Override
  public void reduceScatterSum(Vector values, long[] bounds) {
    group.reduceScatterSum(values, bounds);
  }

  @Override
  public void allGather(Vector values, long[] bounds) {
    group.allGather(values, bounds);
    if (gathersBefore-- == 0) {
      double value = values.read(0, 1).asDoubleBuffer().get(0);
      ByteBuffer damaged = values.write(0, 1);
      damaged.asDoubleBuffer().put(0, Double.longBitsToDouble(Double.doubleToLongBits(value) ^ 1));
      values.written(0, 1);
    }
  }

  @Override
  public Collective background() {
    return group.background();
  }

  @Override
  public void abort(String reason) {
    group.abort(reason);
  }

  @Override
  public void close() {
    group.close();
  }
}
