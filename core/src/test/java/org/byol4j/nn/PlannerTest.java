package org.byol4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.byol4j.collective.Collective;
import org.byol4j.device.ReferenceDevice;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.junit.jupiter.api.Test;

class PlannerTest {
  private static final Shape SHAPE = new Shape(2, 4, 4, 8);

  private final ReferenceDevice device = new ReferenceDevice();
  private final Planner plan = new Planner(device, Collective.single());
  private final NetworkState state = new NetworkState(device, declarations(), true);

  @Test
  void aSectionRunsItsOperationsInTheOrderTheyWerePlanned() {
    List<String> ran = new ArrayList<>();
    Planner.Section first = plan.begin(state, Planner.Mode.LEARN);
    plan.run(() -> () -> ran.add("a"));
    plan.run(() -> () -> ran.add("b"));
    Planner.Section second = plan.begin(state, Planner.Mode.LEARN);
    plan.run(() -> () -> ran.add("c"));
    plan.finish(1, "").close();
    second.run();
    first.run();
    assertThat(ran).containsExactly("c", "a", "b");
  }

  @Test
  void memoryThatWasReleasedIsUsedAgainByALaterSection() {
    plan.begin(state, Planner.Mode.LEARN);
    Slot early = plan.take(SHAPE);
    plan.release(early);
    plan.begin(state, Planner.Mode.PROJECT);
    Slot late = plan.take(SHAPE);
    assertThat(late.offset()).isEqualTo(early.offset());
  }

  @Test
  void memoryThatSomebodyStillHoldsIsNotUsedAgain() {
    plan.begin(state, Planner.Mode.LEARN);
    Slot held = plan.take(SHAPE);
    held.retain();
    plan.release(held);
    assertThat(plan.take(SHAPE).offset()).isNotEqualTo(held.offset());
  }

  @Test
  void aTensorIsNotThereBeforeThePlanIsFinished() {
    plan.begin(state, Planner.Mode.LEARN);
    Slot slot = plan.take(SHAPE);
    assertThatThrownBy(slot::tensor)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("no memory yet");
    try (Tensor arena = plan.finish(1, "")) {
      assertThat(slot.tensor().shape()).isEqualTo(SHAPE);
      assertThat(arena.shape().elements()).isGreaterThanOrEqualTo(SHAPE.elements());
    }
  }

  @Test
  void holdingWhatWasGivenUpIsAnError() {
    plan.begin(state, Planner.Mode.LEARN);
    Slot slot = plan.take(SHAPE);
    plan.release(slot);
    assertThatThrownBy(slot::retain).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> plan.release(slot)).isInstanceOf(IllegalStateException.class);
  }

  private static Declarations declarations() {
    Declarations declarations = new Declarations();
    new Linear("linear", 3, 2, true).declare(declarations);
    return declarations;
  }
}
