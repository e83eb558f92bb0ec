package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.byol4j.collective.Collective;
import org.byol4j.device.Device;
import org.byol4j.device.DeviceMemory;
import org.byol4j.device.DeviceMemoryError;
import org.byol4j.device.HostMemory;
import org.byol4j.device.Shape;
import org.byol4j.device.onednn.SmallOnednn;
import org.byol4j.nn.Architecture;
import org.byol4j.nn.ByolPlan;
import org.byol4j.nn.NetworkState;
import org.junit.jupiter.api.Test;

/** What a plan takes, known before, against what it takes. */
class ReplicaMemoryTest {
  /** More than any machine has addresses for: its refusal says what is held. */
  private static final Shape BEYOND_ALL = new Shape(1 << 20, 1 << 14, 1 << 14, 1 << 10);

  @Test
  void sizeThatIsForetoldIsTaken() {
    Setup setup = Setup.small();
    ReplicaMemory foretold = ReplicaMemory.of(setup.network(), setup.train(), 0, setup.imageSize());
    Architecture architecture = new Architecture(setup.network());
    Shape input = new Shape(Setup.BATCH, setup.imageSize(), setup.imageSize(), 3);

    try (Device device = SmallOnednn.open(HostMemory.ofThisMachine());
        NetworkState online = architecture.newOnlineState(device);
        NetworkState target = architecture.newTargetState(device);
        ByolPlan plan =
            new ByolPlan(device, Collective.single(), architecture, online, target, input, 1.0)) {
      assertThat(plan.predictions().shape().batch()).isEqualTo(foretold.images());
      DeviceMemory taken =
          catchThrowableOfType(DeviceMemoryError.class, () -> device.allocate(BEYOND_ALL)).memory();

      assertThat(foretold.activationBytes()).isEqualTo(taken.activations());
      assertThat(foretold.parameterBytes()).isEqualTo(taken.parameters());
    }
  }

  @Test
  void largestOfUnequalReplicasCounts() {
    Setup setup = Setup.small();
    TrainSettings train = new TrainSettings(1, 24, 2, 5, 1, 5);

    // 12 images of a micro-batch in 12 shards: 2, 2, 3, 2 and 3
    assertThat(ReplicaMemory.of(setup.network(), train, 0, setup.imageSize()).images())
        .isEqualTo(3);
  }
}
