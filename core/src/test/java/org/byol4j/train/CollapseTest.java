package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.byol4j.eval.CollapseSettings;
import org.byol4j.eval.CollapseSettings.Policy;
import org.byol4j.optim.TargetSettings.Update;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Without predictor and moving average all images end in one point (Grill et al. 2020, 5). */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class CollapseTest {
  private static final int EPOCHS = 10;

  @TempDir Path temp;
  private TinyRun healthy;

  @BeforeEach
  void drawImages() {
    TinyRun run = TinyRun.of(TinyRun.drawImages(temp.resolve("images")), temp.resolve("run"));
    healthy =
        run.withTrain(EPOCHS, 5, 1)
            .withSetup(run.withTrain(EPOCHS, 5, 1).setup().withLearningRate(0.1))
            .withCollapse(new CollapseSettings(Policy.STOP, 3, 0.2, 1.2, 3));
  }

  @Test
  void runWithoutPredictorAndMovingAverageIsStopped() {
    TinyRun run =
        healthy.withSetup(healthy.setup().withoutPredictor().withTarget(0, Update.AFTER_STEP));
    assertThatThrownBy(run::run)
        .isInstanceOf(CollapsedException.class)
        .hasMessageContaining("feature_std=");
  }

  @Test
  void runWithPredictorAndMovingAverageGoesOn() {
    assertThat(healthy.run().finished()).isTrue();
  }
}
