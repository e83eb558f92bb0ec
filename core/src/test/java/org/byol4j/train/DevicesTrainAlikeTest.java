package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.byol4j.device.ComputeSettings;
import org.byol4j.train.TinyReplica.Flaw;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The same network on different devices: the way of the weights over 20 steps without warm-up. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class DevicesTrainAlikeTest {
  private static final double SAME_IN_FLOAT = 1e-2;

  private static final int[][] PERMUTATIONS = {
    {5, 2, 7, 0, 3, 6, 1, 4}, {7, 6, 5, 4, 3, 2, 1, 0}, {4, 5, 6, 7, 0, 1, 2, 3}
  };

  @Test
  void nd4jGoesAsFarFromOnednnAsAnotherOrderOfRowsDoes() {
    Training onednn = on("onednn");
    double[] expected = onednn.alone();
    double permuted = 0;
    for (int[] rows : PERMUTATIONS) {
      permuted = Math.max(permuted, Training.distance(onednn.alone(rows), expected));
    }
    double apart = Training.distance(on("nd4j").alone(), expected);
    assertThat(apart).isLessThanOrEqualTo(SAME_IN_FLOAT).isLessThan(3 * permuted);
  }

  @Test
  void twoReplicasOnNd4jGoTheWayOfOne() {
    double[] alone = on("nd4j").alone();
    assertThat(Training.distance(on("nd4j").together(2, Flaw.NONE), alone))
        .isLessThanOrEqualTo(SAME_IN_FLOAT);
  }

  @Test
  void trainingAgainOnNd4jGivesTheSameBits() {
    assertThat(on("nd4j").alone()).isEqualTo(on("nd4j").alone());
  }

  private static Training on(String device) {
    ComputeSettings settings =
        new ComputeSettings(
            device, "fp32", 1, ComputeSettings.Convolution.AUTO, ComputeSettings.Graphs.AUTO);
    return new Training(Setup.small().withClosedBranches(), () -> Devices.open(settings));
  }
}
