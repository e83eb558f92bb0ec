package org.byol4j.paramserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.device.ReferenceDevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class OwnedMomentumTest {

  /** More than two pieces, and a bound of each kind: within a piece and between two. */
  private static final int LENGTH = 9 << 18;

  @Test
  void isCollectedInPiecesByThoseWhoWantIt() {
    float[] whole = new float[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      whole[i] = i;
    }
    Replicas.run(
        LocalCollective.group(3, Duration.ofSeconds(30)),
        collective -> {
          try (ReferenceDevice device = new ReferenceDevice();
              OwnedMomentum momentum =
                  new OwnedMomentum(device, collective, new long[] {0, 1 << 20, 1 << 20, LENGTH})) {
            momentum.take(FloatBuffer.wrap(whole));
            if (collective.rank() == 1) {
              momentum.give();
              return 0;
            }
            FloatBuffer collected = FloatBuffer.allocate(LENGTH);
            momentum.collect(collected);
            assertThat(collected.array()).isEqualTo(whole);
            return 0;
          }
        });
  }
}
