package org.byol4j.spark.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.nn.Architecture;
import org.byol4j.nn.Initializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class SharedModelsTest {
  private static final int SIZE = 32;

  private static final Configuration SMALL =
      Configuration.ofDefaults(
          List.of(
              new Assignment("--set", "network.width=0.125"),
              new Assignment("--set", "network.backbone=resnet18"),
              new Assignment("--set", "knn.image-size=" + SIZE),
              new Assignment("--set", "compute.threads=1")));

  @Test
  void leasesOfOneModelShareItAndTheLastOneCloses() throws InterruptedException {
    ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
    SharedModels models = new SharedModels(Duration.ZERO, timer);

    SharedModels.Lease first = models.lease("a", () -> model(4));
    SharedModels.Lease second = models.lease("a", () -> model(4));
    SharedModels.Lease other = models.lease("b", () -> model(4));
    assertThat(second.model()).isSameAs(first.model());
    assertThat(other.model()).isNotSameAs(first.model());

    first.close();
    first.close();
    run(second.model(), images(1));
    assertThat(second.model().lanes()).isEqualTo(1);
    second.close();
    timer.shutdown();
    assertThat(timer.awaitTermination(30, TimeUnit.SECONDS)).isTrue();

    assertThatThrownBy(() -> run(second.model(), images(1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the model was closed");
    run(other.model(), images(1));
    other.model().close();
  }

  @Test
  void modelThatIsWantedAgainInTimeStaysOpen() {
    ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
    SharedModels models = new SharedModels(Duration.ofHours(1), timer);
    SharedModels.Lease first = models.lease("a", () -> model(1));
    first.close();
    assertThat(timer.getQueue()).hasSize(1);

    try (SharedModels.Lease again = models.lease("a", () -> model(1))) {
      assertThat(again.model()).isSameAs(first.model());
      assertThat(timer.getQueue()).allMatch(closing -> ((Future<?>) closing).isCancelled());
      run(again.model(), images(1));
      again.model().close();
    } finally {
      timer.shutdownNow();
    }
  }

  @Test
  void tasksThatCompeteForLanesGetTheFeaturesOfTheirOwnImages() throws Exception {
    int tasks = 8;
    ExecutorService threads = Executors.newFixedThreadPool(tasks);
    try (SharedModel model = model(2);
        SharedModel alone = model(1)) {
      List<Callable<float[]>> work = new ArrayList<>();
      for (int task = 0; task < tasks; task++) {
        FloatBuffer images = images(task);
        work.add(
            () -> {
              float[] last = new float[0];
              for (int i = 0; i < 5; i++) {
                last = run(model, images.duplicate());
              }
              return last;
            });
      }
      List<Future<float[]>> done = threads.invokeAll(work);

      assertThat(model.lanes()).isBetween(1, 2);
      for (int task = 0; task < tasks; task++) {
        assertThat(done.get(task).get()).as("task=" + task).isEqualTo(run(alone, images(task)));
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static SharedModel model(int cores) {
    Architecture architecture = new Architecture(SMALL.network());
    float[] weights = new Initializer(SMALL.network()).draw(architecture.onlineTable(), 5);
    float[] values =
        new float[architecture.backboneParameters() + architecture.backboneRunningLength()];
    System.arraycopy(weights, 0, values, 0, architecture.backboneParameters());
    Arrays.fill(values, architecture.backboneParameters(), values.length, 0.5f);
    return new SharedModel(SMALL, values, cores);
  }

  private static FloatBuffer images(long seed) {
    Random random = new Random(seed);
    FloatBuffer images = FloatBuffer.allocate(ModelLane.BATCH * SIZE * SIZE * 3);
    while (images.hasRemaining()) {
      images.put((float) random.nextGaussian());
    }
    return images.flip();
  }

  private static float[] run(SharedModel model, FloatBuffer images) {
    float[] features = new float[ModelLane.BATCH * SMALL.network().features()];
    model.run(images, FloatBuffer.wrap(features));
    return features;
  }
}
