package org.byol4j.collective;

import java.util.function.Consumer;

/** The trivial group: one replica, which already agrees with itself. */
enum SingleReplica implements Collective {
  INSTANCE;

  @Override
  public int rank() {
    return 0;
  }

  @Override
  public int size() {
    return 1;
  }

  @Override
  public void allReduceSum(double[] values) {}

  @Override
  public void allGather(double[] mine, double[] all) {
    System.arraycopy(mine, 0, all, 0, mine.length);
  }

  @Override
  public void reduceScatterSum(Vector values, long[] bounds) {}

  @Override
  public void allGather(Vector values, long[] bounds) {}

  @Override
  public Collective background() {
    return this;
  }

  @Override
  public long sentBytes() {
    return 0;
  }

  @Override
  public void onFailure(Consumer<String> listener) {}

  @Override
  public void abort(String reason) {}

  @Override
  public void close() {}
}
