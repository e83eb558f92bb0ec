package org.byol4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TrainingStateTest {

  @Test
  void sectionsOfTheWrongLengthAreRefused() {
    expectRefused(Section.WEIGHTS, 119, "section=weights has 119 values, expected 120");
    expectRefused(Section.MOMENTUM, 121, "section=momentum has 121 values, expected 120");
    expectRefused(
        Section.TARGET, 100, "section=target has 100 values, expected a length at which a slice");
    expectRefused(
        Section.BATCHNORM_ONLINE, 8, "section=batchnorm-online has 8 values, expected 12");
    expectRefused(Section.BATCHNORM_TARGET, 10, "section=batchnorm-target has 10 values");
  }

  @Test
  void missingSectionIsRefused() {
    Map<Section, OwnedRange> values = new EnumMap<>(States.at(1).owned());
    values.remove(Section.MOMENTUM);

    assertThatThrownBy(() -> state(1, values)).hasMessage("section=momentum is missing");
  }

  @Test
  void negativeStepIsRefused() {
    assertThatThrownBy(() -> state(-1, States.at(1).owned())).hasMessageContaining("step=-1");
  }

  @Test
  void normalizationsWithAGapAreRefused() {
    assertThatThrownBy(
            () ->
                new StateLayout(
                    States.PARAMETERS,
                    List.of(new Normalization("bn1", 4, 0), new Normalization("bn2", 2, 9))))
        .hasMessage(
            "normalization=bn2 channels=2 offset=9, expected at least 1 channel and offset=8");
  }

  private static void expectRefused(Section section, int length, String message) {
    Map<Section, OwnedRange> values = new EnumMap<>(States.at(1).owned());
    values.put(section, States.floats(new Random(1), length));
    assertThatThrownBy(() -> state(1, values))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  private static TrainingState state(long step, Map<Section, OwnedRange> values) {
    return new TrainingState(step, 0, States.IDENTITY, States.LAYOUT, Map.of(), List.of(), values);
  }
}
