package org.byol4j.paramserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import org.byol4j.device.ReferenceDevice;
import org.junit.jupiter.api.Test;

final class OwnedMomentumTest {

  @Test
  void isReadAndWrittenPieceByPieceByTheIndexInTheWhole() {
    try (ReferenceDevice device = new ReferenceDevice();
        OwnedMomentum momentum = new OwnedMomentum(device, 10, 14)) {
      momentum.write(10, FloatBuffer.wrap(new float[] {1, 2}));
      momentum.write(12, FloatBuffer.wrap(new float[] {3, 4}));

      FloatBuffer middle = FloatBuffer.allocate(2);
      momentum.read(11, middle);

      assertThat(middle.array()).containsExactly(2, 3);
    }
  }

  @Test
  void whatOthersOwnIsRefused() {
    try (ReferenceDevice device = new ReferenceDevice();
        OwnedMomentum momentum = new OwnedMomentum(device, 10, 14)) {
      assertThatThrownBy(() -> momentum.read(13, FloatBuffer.allocate(2)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("momentum from=13 length=2, expected a range within [10, 14]");
      assertThatThrownBy(() -> momentum.write(9, FloatBuffer.allocate(1)))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
