package org.byol4j.metrics;

import java.util.OptionalDouble;

/** Steps as a run would tell of them. */
final class StepRecords {
  private StepRecords() {}

  /** A step of the first epoch that was not looked at. */
  static StepRecord of(long step, OptionalDouble knnTop1, double imagesPerSecond, long timeMs) {
    return new StepRecord(
        step,
        0,
        3.5,
        0.1,
        0.99,
        0.06,
        0.1,
        OptionalDouble.empty(),
        knnTop1,
        new StepRecord.Timing(1000, 5, 300, 600, 50, imagesPerSecond, timeMs));
  }
}
