package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.byol4j.collective.Collective;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.nn.View;
import org.byol4j.optim.TargetSettings.Update;
import org.byol4j.parameters.Slice;
import org.byol4j.parameters.Slice.Kind;
import org.byol4j.paramserver.NotFiniteException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class ByolStepTest {
  private static final int[] ALL_ROWS = RandomViews.rowsOf(0, 1);
  private static final Setup SMALL = Setup.small();

  @ParameterizedTest
  @EnumSource(Update.class)
  void targetWithDecayOneNeverMoves(Update update) {
    Setup setup = SMALL.withTarget(1, update);
    try (TinyReplica replica = alone(setup, ALL_ROWS.length)) {
      double[] target = replica.targetWeights();
      double[] online = replica.onlineWeights();
      for (int step = 0; step < 3; step++) {
        replica.step.run(step, RandomViews.of(setup, step, ALL_ROWS));
      }
      assertThat(replica.targetWeights()).isEqualTo(target);
      assertThat(replica.onlineWeights()).isNotEqualTo(online);
    }
  }

  @ParameterizedTest
  @EnumSource(Update.class)
  void targetIsPulledOncePerStepWhateverTheMicroBatches(Update update) {
    Setup setup = SMALL.withTarget(0.9, update).withLearningRate(0).withBatch(Setup.BATCH, 4, 1);
    try (TinyReplica replica = alone(setup, 2)) {
      replica.device.fill(0.5, replica.target.weights());
      replica.step.run(0, RandomViews.repeated(setup, 0, new int[] {3, 5}, 4));
      double[] online = replica.onlineWeights();
      double[] target = replica.targetWeights();
      for (int i = 0; i < target.length; i++) {
        assertThat(target[i]).isCloseTo(0.9 * 0.5 + 0.1 * online[i], within(1e-15));
      }
    }
  }

  @Test
  void gradientsOfMicroBatchesAddUpToThatOfTheBatch() {
    int[] half = {0, 1, 2, 3};
    double[] once = weightsAfterStep(SMALL.withBatch(4, 1, 1), half, 1);
    double[] twice = weightsAfterStep(SMALL.withBatch(8, 2, 1), half, 2);
    assertThat(Training.distance(twice, once)).isLessThanOrEqualTo(1e-12);
  }

  private static double[] weightsAfterStep(Setup setup, int[] rows, int parts) {
    // the learning rate scales with the batch: here both have the same
    Setup same = setup.withLearningRate(0.01 * Setup.BATCH / setup.train().batchSize());
    try (TinyReplica replica = alone(same, rows.length)) {
      double[] before = replica.onlineWeights();
      replica.step.run(0, RandomViews.repeated(same, 0, rows, parts));
      double[] way = replica.onlineWeights();
      Arrays.setAll(way, i -> way[i] - before[i]);
      return way;
    }
  }

  @Test
  void lossIsTheMeanOverTheBatchOfBothViewsTimesItsScale() {
    double whole = lossOfFirstStep(SMALL);
    assertThat(lossOfFirstStep(SMALL.withBatch(Setup.BATCH, 1, 0.25)))
        .isCloseTo(whole / 4, within(1e-14));
    try (TinyReplica replica = alone(SMALL, ALL_ROWS.length)) {
      RandomViews views = RandomViews.of(SMALL, 0, ALL_ROWS);
      views.next();
      replica.plan.online(views.view1());
      replica.plan.target(views.view2());
      replica.plan.compare();
      replica.plan.online(views.view2());
      replica.plan.target(views.view1());
      replica.plan.compare();
      double sum = replica.plan.takeLosses();
      assertThat(whole).isCloseTo(sum / Setup.BATCH, within(1e-14)).isBetween(0.1, 8.0);
    }
  }

  private static double lossOfFirstStep(Setup setup) {
    try (TinyReplica replica = alone(setup, ALL_ROWS.length)) {
      return replica.step.run(0, RandomViews.of(setup, 0, ALL_ROWS));
    }
  }

  @Test
  void gammaGradientStaysLocalToTheReplica() {
    double[] whole;
    try (TinyReplica replica = alone(SMALL, ALL_ROWS.length)) {
      whole = gradients(replica, ALL_ROWS);
    }
    List<double[]> parts =
        Replicas.run(
            LocalCollective.group(2, Duration.ofSeconds(30)),
            collective -> {
              int[] rows = RandomViews.rowsOf(collective.rank(), 2);
              try (TinyReplica replica = new TinyReplica(collective, SMALL, rows.length)) {
                return gradients(replica, rows);
              }
            });
    try (TinyReplica replica = alone(SMALL, ALL_ROWS.length)) {
      for (Slice slice : replica.online.table().slices()) {
        if (slice.kind() == Kind.NORM_SCALE || slice.kind() == Kind.NORM_SHIFT) {
          double[] first = of(slice, parts.get(0));
          double[] second = of(slice, parts.get(1));
          double[] sum = new double[first.length];
          Arrays.setAll(sum, i -> first[i] + second[i]);
          assertThat(Training.distance(sum, of(slice, whole))).as(slice.name()).isLessThan(1e-9);
          assertThat(Training.distance(first, second)).as(slice.name()).isGreaterThan(1e-3);
        }
      }
    }
  }

  private static double[] gradients(TinyReplica replica, int[] rows) {
    RandomViews views = RandomViews.of(SMALL, 0, rows);
    views.next();
    replica.plan.online(views.view1());
    replica.plan.target(views.view2());
    replica.plan.compare();
    assertThat(replica.plan.takeLosses()).isPositive();
    replica.plan.backward();
    return replica.gradients();
  }

  private static double[] of(Slice slice, double[] flat) {
    return Arrays.copyOfRange(flat, (int) slice.offset(), (int) slice.end());
  }

  @Test
  void lossThatIsNotFiniteStopsAllReplicasInTheSameStep() {
    List<String> messages =
        Replicas.run(
            LocalCollective.group(2, Duration.ofSeconds(30)),
            collective -> {
              int[] rows = RandomViews.rowsOf(collective.rank(), 2);
              try (TinyReplica replica = new TinyReplica(collective, SMALL, rows.length)) {
                replica.step.run(0, RandomViews.of(SMALL, 0, rows));
                double[] before = replica.onlineWeights();
                MicroBatches views =
                    new OneBadPixel(
                        RandomViews.of(SMALL, 1, rows), collective.rank() == 1 ? Float.NaN : 0f);
                String[] message = new String[1];
                assertThatThrownBy(() -> replica.step.run(1, views))
                    .isInstanceOf(NotFiniteException.class)
                    .satisfies(failure -> message[0] = failure.getMessage());
                assertThat(replica.onlineWeights()).isEqualTo(before);
                return message[0];
              }
            });
    assertThat(messages).allSatisfy(message -> assertThat(message).contains("loss=NaN step=1"));
  }

  /** Views whose first value is another. */
  private record OneBadPixel(RandomViews views, float value) implements MicroBatches {
    @Override
    public void next() {
      views.next();
    }

    @Override
    public View view1() {
      return View.of(views.pixels(0).put(0, value));
    }

    @Override
    public View view2() {
      return views.view2();
    }
  }

  private static TinyReplica alone(Setup setup, int rows) {
    return new TinyReplica(Collective.single(), setup, rows);
  }
}
