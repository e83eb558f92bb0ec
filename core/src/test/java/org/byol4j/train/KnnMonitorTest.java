package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.byol4j.checkpoint.RunIdentity;
import org.byol4j.collective.Collective;
import org.byol4j.collective.FloatVector;
import org.byol4j.collective.ForwardingCollective;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.collective.Vector;
import org.byol4j.data.ImageStore;
import org.byol4j.data.StoreProgress;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.onednn.OnednnDevice;
import org.byol4j.nn.Architecture;
import org.byol4j.nn.Initializer;
import org.byol4j.nn.NetworkState;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class KnnMonitorTest {
  @TempDir Path temp;
  private TinyRun run;

  @BeforeEach
  void drawImages() {
    run = TinyRun.of(TinyRun.drawImages(temp.resolve("images")), temp.resolve("run"));
  }

  /**
   * @param top1 what came out
   * @param own rows of this replica's images that it made itself
   * @param others rows of other replicas' images that it made
   */
  private record Evaluation(double top1, int own, int others) {}

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void eachReplicaMakesTheFeaturesOfItsImagesOnly(int replicas) {
    Evaluation alone = evaluations(1).get(0);
    List<Evaluation> shared = evaluations(replicas);

    assertThat(alone.top1()).isPositive();
    assertThat(shared)
        .allSatisfy(
            one -> {
              assertThat(one.top1()).isEqualTo(alone.top1());
              assertThat(one.own()).isPositive();
              assertThat(one.others()).isZero();
            });
    assertThat(shared.stream().mapToInt(Evaluation::own).sum()).isEqualTo(alone.own());
  }

  @Test
  void secondEvaluationTakesNoMoreNativeMemory() {
    RunPlan plan = plan(1);
    try (Device device = device();
        NetworkState online = online(plan, device);
        KnnMonitor monitor = new KnnMonitor(plan, device, Collective.single(), online)) {
      assertThat(monitor.evaluate(plan.shards().stepsPerEpoch())).isPresent();
      long bytes = Pointer.totalBytes();
      long count = Pointer.totalCount();

      assertThat(monitor.evaluate(plan.totalSteps())).isPresent();

      assertThat(Pointer.totalBytes()).isEqualTo(bytes);
      assertThat(Pointer.totalCount()).isEqualTo(count);
    }
  }

  private List<Evaluation> evaluations(int replicas) {
    RunPlan plan = plan(replicas);
    return Replicas.run(
        LocalCollective.group(replicas, TinyRun.PATIENCE),
        collective -> {
          RowsSeen seen = new RowsSeen(collective, plan.architecture().features() + 1);
          try (Device device = device();
              NetworkState online = online(plan, device);
              KnnMonitor monitor = new KnnMonitor(plan, device, seen, online)) {
            double top1 = monitor.evaluate(plan.shards().stepsPerEpoch()).orElseThrow();
            return new Evaluation(top1, seen.own, seen.others);
          }
        });
  }

  /** Counts the rows that a replica has filled before they are gathered. */
  private static final class RowsSeen extends ForwardingCollective {
    private final int width;
    private int own;
    private int others;

    RowsSeen(Collective collective, int width) {
      super(collective);
      this.width = width;
    }

    @Override
    public void allGather(Vector values, long[] bounds) {
      FloatBuffer rows = ((FloatVector) values).values();
      for (int row = 0; row < rows.capacity(); row += width) {
        boolean isOwn = bounds[rank()] <= row && row < bounds[rank() + 1];
        boolean isFilled = false;
        for (int i = row; i < row + width; i++) {
          isFilled |= rows.get(i) != 0;
        }
        own += isOwn && isFilled ? 1 : 0;
        others += !isOwn && isFilled ? 1 : 0;
      }
      super.allGather(values, bounds);
    }
  }

  private RunPlan plan(int replicas) {
    RunSettings settings = run.withTrain(2, 5, replicas).settings();
    SettledImages images =
        LocalImages.settle(settings, "", temp.resolve("store"), StoreProgress.NONE);
    return new RunPlan(
        settings,
        new Architecture(settings.network()),
        ImageStore.existing(Path.of(images.place())),
        images.plan(settings.dataSettings(), settings.train()),
        new RunIdentity(5, settings.configuration(), images.sha256(), Map.of()),
        0,
        0);
  }

  private static Device device() {
    return new OnednnDevice(
        new ComputeSettings(
            "onednn", "fp32", 1, ComputeSettings.Convolution.AUTO, ComputeSettings.Graphs.AUTO));
  }

  private static NetworkState online(RunPlan plan, Device device) {
    Architecture architecture = plan.architecture();
    NetworkState online = architecture.newOnlineState(device);
    float[] weights = new Initializer(architecture.settings()).draw(online.table(), 5);
    device.write(FloatBuffer.wrap(weights), online.weights());
    return online;
  }
}
