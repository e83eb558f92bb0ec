package org.byol4j.metrics;

import java.util.OptionalDouble;
import java.util.OptionalLong;

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
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        new StepRecord.Timing(
            1000, 5, 300, 600, 50, OptionalLong.empty(), imagesPerSecond, timeMs));
  }

  /** A step of a run whose replicas share gradients. */
  static StepRecord sharing(double threshold, double sentShare, long sentBytes) {
    return new StepRecord(
        7,
        0,
        3.5,
        0.1,
        0.99,
        0.06,
        0.1,
        OptionalDouble.empty(),
        OptionalDouble.empty(),
        OptionalDouble.of(threshold),
        OptionalDouble.of(sentShare),
        new StepRecord.Timing(
            1000, 5, Double.NaN, Double.NaN, Double.NaN, OptionalLong.of(sentBytes), 64, 1234));
  }
}
