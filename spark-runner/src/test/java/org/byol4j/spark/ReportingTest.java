package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.byol4j.metrics.StepRecord;
import org.byol4j.train.RunObserver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ReportingTest {

  @Test
  void epochThatEndsAfterSparkHasBeenStoppedIsNoFailure() {
    SparkConf conf =
        new SparkConf(false)
            .setMaster("local[1]")
            .setAppName("reporting")
            .set("spark.ui.enabled", "false");
    JavaSparkContext spark = new JavaSparkContext(conf);
    Reporting reporting = new Reporting(spark, RunObserver.NONE, new TrainingMetrics());
    reporting.begins(0, 4, 1);
    reporting.stepDone(entry(0));
    spark.stop();

    assertThatCode(() -> reporting.stepDone(entry(1))).doesNotThrowAnyException();
  }

  private static StepRecord entry(long step) {
    OptionalDouble none = OptionalDouble.empty();
    StepRecord.Timing timing = new StepRecord.Timing(1, 0, 1, 1, 0, OptionalLong.empty(), 10, 1000);
    return new StepRecord(step, 0, 1, 0.1, 0.99, 0.5, 0.5, none, none, none, none, timing);
  }
}
