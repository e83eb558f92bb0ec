package org.byol4j.collective;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class TimedCollectiveTest {
  private final TimedCollective timed = new TimedCollective(new Slow());

  @Test
  void everyOperationOfTheHandleIsTimed() {
    double[] values = new double[1];
    Vector vector = ArrayVector.ofFloats(1);
    long[] bounds = {0, 1};
    Runnable[] operations = {
      () -> timed.allReduceSum(values),
      () -> timed.allGather(values, values),
      () -> timed.reduceScatterSum(vector, bounds),
      () -> timed.allGather(vector, bounds)
    };
    for (Runnable operation : operations) {
      long before = timed.nanos();
      operation.run();
      assertThat(timed.nanos() - before).isGreaterThanOrEqualTo(Slow.NANOS);
    }
  }

  @Test
  void whatTheBackgroundDoesIsNotTimed() {
    timed.background().allReduceSum(new double[1]);
    assertThat(timed.nanos()).isZero();
  }

  /** A group of one that takes its time. */
  private static final class Slow extends ForwardingCollective {
    private static final long NANOS = 2_000_000;

    Slow() {
      super(Collective.single());
    }

    private static void takeTime() {
      long start = System.nanoTime();
      while (System.nanoTime() - start < NANOS) {
        Thread.onSpinWait();
      }
    }

    @Override
    public void allReduceSum(double[] values) {
      takeTime();
    }

    @Override
    public void allGather(double[] mine, double[] all) {
      takeTime();
    }

    @Override
    public void reduceScatterSum(Vector values, long[] bounds) {
      takeTime();
    }

    @Override
    public void allGather(Vector values, long[] bounds) {
      takeTime();
    }

    @Override
    public Collective background() {
      return this;
    }
  }
}
