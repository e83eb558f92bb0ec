package org.byol4j.nn;

import static org.assertj.core.api.Assertions.assertThat;

import org.byol4j.device.DeviceMemory;
import org.byol4j.device.DeviceMemoryError;
import org.junit.jupiter.api.Test;

/** What is said of a plan that does not fit. */
class PlanMemoryTest {
  private static final long PARAMETERS = 1000;

  /** 100 elements of 2 bytes for each of 10 images, a tenth of them in one tensor. */
  private static final PlanMemory PLAN = new PlanMemory(10, 1000, 100, ": fewer of them");

  @Test
  void messageHasTheSizesAndTheLargestBatchThatFits() {
    // an image takes 200 bytes and 8 tensors of 20; parameters take as much again
    DeviceMemoryError error = of(new DeviceMemory(3100, 9000, 0, 2, PARAMETERS, 0), false);

    assertThat(error)
        .hasMessage(
            "no memory on the device for a plan of batch=10 images: activationBytes=2000"
                + " activationBytesOfAnImage=200 parameterBytes=1000 workspaceBytes=0 freeBytes=3100"
                + " totalBytes=9000, expected at most 5 images at a time on each replica: fewer of"
                + " them (why)");
    assertThat(error.getCause()).hasMessage("why");
  }

  @Test
  void workspaceThatIsKnownCountsForEachImage() {
    // 2000 bytes of the arena and 3000 of workspace come back: 500 an image
    DeviceMemoryError error = of(new DeviceMemory(600, 9000, 2000, 2, PARAMETERS, 3000), true);

    assertThat(error).hasMessageContaining("expected at most 9 images");
  }

  @Test
  void noBatchFitsWhereParametersTakeAll() {
    DeviceMemoryError error = of(new DeviceMemory(900, 9000, 0, 2, PARAMETERS, 0), false);

    assertThat(error).hasMessageContaining("expected at most 0 images");
  }

  @Test
  void batchThatDidNotFitIsNotProposed() {
    DeviceMemoryError error = of(new DeviceMemory(90_000, 99_000, 0, 2, PARAMETERS, 0), false);

    assertThat(error).hasMessageContaining("expected at most 9 images");
  }

  private static DeviceMemoryError of(DeviceMemory memory, boolean hasArena) {
    return PLAN.explained(new DeviceMemoryError("why", memory), hasArena);
  }
}
