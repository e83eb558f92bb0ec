package org.byol4j.device.cuda;

import java.util.function.LongSupplier;

/** Tells how long something runs on a GPU. */
final class PlanClock {

  private static final int WARM_UP = 1;
  private static final int RUNS = 5;

  private final Gpu gpu;
  private final LongSupplier nanoTime;

  /**
   * @param nanoTime a clock, in nanoseconds
   */
  PlanClock(Gpu gpu, LongSupplier nanoTime) {
    this.gpu = gpu;
    this.nanoTime = nanoTime;
  }

  /** How long a few runs take together, in nanoseconds. */
  long nanos(Runnable start) {
    for (int i = 0; i < WARM_UP; i++) {
      start.run();
    }
    gpu.await();
    long begin = nanoTime.getAsLong();
    for (int i = 0; i < RUNS; i++) {
      start.run();
    }
    gpu.await();
    return nanoTime.getAsLong() - begin;
  }
}
