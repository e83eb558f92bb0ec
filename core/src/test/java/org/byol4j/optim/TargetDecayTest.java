package org.byol4j.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.byol4j.optim.TargetSettings.Schedule;
import org.byol4j.optim.TargetSettings.Update;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TargetDecayTest {

  @ParameterizedTest
  @CsvSource({"0, .9", "1, .9146447", "2, .95", "3, .9853553", "4, 1"})
  void decayRisesFromTheBaseToOneAlongACosine(long step, double expected) {
    assertThat(decay(0.9, Schedule.COSINE).at(step)).isCloseTo(expected, within(1e-7));
  }

  @Test
  void decayOfOneStaysExactlyOne() {
    for (long step = 0; step < 4; step++) {
      assertThat(decay(1, Schedule.COSINE).at(step)).isEqualTo(1);
    }
  }

  @Test
  void constantDecayStays() {
    for (long step = 0; step < 5; step++) {
      assertThat(decay(0.99, Schedule.CONSTANT).at(step)).isEqualTo(0.99);
    }
  }

  private static TargetDecay decay(double base, Schedule schedule) {
    return new TargetDecay(new TargetSettings(base, schedule, Update.AFTER_STEP), 4);
  }
}
