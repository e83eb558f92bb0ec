package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.byol4j.metrics.StepRecord;
import org.byol4j.train.RunObserver;
import org.junit.jupiter.api.Test;

/** What is said of the steps that a signal would cost. */
class TrainingNoticeTest {
  private final TrainingNotice notice = new TrainingNotice(RunObserver.NONE, 10);

  @Test
  void beforeTheFirstStepNothingIsLost() {
    assertThat(notice.stopping())
        .isEqualTo("stopping before the first step; a second signal ends at once");
    assertThat(notice.ended()).isEqualTo("ended at once by a second signal, before the first step");
  }

  @Test
  void runWithoutANewerCheckpointWouldBeginAgain() {
    notice.begins(0, 100, 5);
    notice.stepDone(entry(8));

    assertThat(notice.stopping())
        .isEqualTo(
            "stopping after this step, with a checkpoint; a second signal ends at once, and the run"
                + " then begins at step 0 again, unless a checkpoint is done by then");
    assertThat(notice.ended())
        .isEqualTo(
            "ended at once by a second signal; the same command begins at step 0 again, unless a"
                + " checkpoint is done by then");
  }

  @Test
  void checkpointThatWasDueIsThereWhenItsStepIsToldOf() {
    notice.begins(0, 100, 5);
    notice.stepDone(entry(9));
    assertThat(notice.stopping()).endsWith("goes on from its newest checkpoint, step 10 or later");
    notice.stepDone(entry(27));
    assertThat(notice.ended()).endsWith("goes on from its newest checkpoint, step 20 or later");
  }

  @Test
  void checkpointThatTheRunWentOnFromMayBeTheNewest() {
    notice.begins(13, 100, 5);
    notice.stepDone(entry(13));
    assertThat(notice.stopping()).endsWith("goes on from its newest checkpoint, step 13 or later");
  }

  private static StepRecord entry(long step) {
    OptionalDouble none = OptionalDouble.empty();
    return new StepRecord(
        step,
        0,
        1,
        0.1,
        0.99,
        0.5,
        0.5,
        none,
        none,
        none,
        none,
        new StepRecord.Timing(1, 0, 1, 1, 0, OptionalLong.empty(), 10, 1000));
  }
}
