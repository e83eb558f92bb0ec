package org.byol4j.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.Section;
import org.byol4j.checkpoint.WeightsDigest;
import org.byol4j.collective.Collective;
import org.byol4j.collective.ForwardingCollective;
import org.byol4j.collective.Vector;
import org.byol4j.parameters.Slice;
import org.byol4j.paramserver.ParameterServerSettings;
import org.byol4j.paramserver.sharing.FaultyReplicaException;
import org.byol4j.paramserver.sharing.SharingSettings;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole runs whose replicas share encoded gradients; they compare their weights in each step. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
final class SharingRunTest {
  private static final ParameterServerSettings SHARING = sharing(0);

  @TempDir static Path shared;
  private static Path images;

  @TempDir Path temp;

  @BeforeAll
  static void draw() {
    images = TinyRun.drawImages(shared.resolve("images"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void stoppedAndResumedRunIsTheUninterruptedOneToTheBit(int replicas) {
    TinyRun whole = run("whole", replicas);
    whole.run();
    TinyRun stopped = run("stopped", replicas);
    stopped.runUntil(4);
    stopped.run();

    assertThat(stopped.metrics()).hasSize(TinyRun.STEPS).isEqualTo(whole.metrics());
    Checkpoint end = stopped.checkpoint(TinyRun.STEPS);
    Checkpoint expected = whole.checkpoint(TinyRun.STEPS);
    assertThat(WeightsDigest.of(end)).hasSize(5).isEqualTo(WeightsDigest.of(expected));
    assertThat(end.manifest().counters())
        .containsKey("gradient-sharing-threshold-bits")
        .isEqualTo(expected.manifest().counters());
  }

  @Test
  void runWithLateUpdatesGoesOnToTheBitFromItsCheckpoints() {
    TinyRun whole = run("whole", 2).withServer(sharing(2)).withCheckpointEvery(3);
    whole.run();
    TinyRun stopped = run("stopped", 2).withServer(sharing(2)).withCheckpointEvery(3);
    stopped.runUntil(3);
    stopped.run();

    assertThat(stopped.metrics()).hasSize(TinyRun.STEPS).isEqualTo(whole.metrics());
    List<String> end = WeightsDigest.of(stopped.checkpoint(TinyRun.STEPS));
    assertThat(end).isEqualTo(WeightsDigest.of(whole.checkpoint(TinyRun.STEPS)));

    TinyRun punctual = run("punctual", 2).withCheckpointEvery(3);
    punctual.run();
    assertThat(end).isNotEqualTo(WeightsDigest.of(punctual.checkpoint(TinyRun.STEPS)));
  }

  @ParameterizedTest
  @CsvSource({"0, 2, false", "1, 3, false", "1, 2, true"})
  void otherCheckpointsChangeTheBitsOfLateUpdatesWhichIsSaid(
      int staleness, int every, boolean isSaid) {
    TinyRun run = run("run", 2).withServer(sharing(staleness)).withCheckpointEvery(3);
    run.runUntil(3);

    List<String> bits =
        run.withCheckpointEvery(every).said().stream()
            .filter(line -> line.contains("not to the bit"))
            .toList();
    if (isSaid) {
      assertThat(bits).singleElement(STRING).contains("checkpoint-every-steps");
    } else {
      assertThat(bits).isEmpty();
    }
  }

  @Test
  void someIsSentAndSomeIsLeftBehind() {
    TinyRun run = run("run", 2);
    run.run();
    Map<Section, float[]> before = run.state(0);
    Map<Section, float[]> after = run.state(TinyRun.STEPS);

    assertThat(before.get(Section.RESIDUAL)).containsOnly(0f);
    assertThat(after.get(Section.RESIDUAL)).isNotEqualTo(before.get(Section.RESIDUAL));
    for (Slice slice : run.checkpoint(0).manifest().layout().parameters().slices()) {
      if (slice.name().equals("backbone.conv1.weight")) {
        assertThat(values(after.get(Section.WEIGHTS), slice))
            .isNotEqualTo(values(before.get(Section.WEIGHTS), slice));
      }
    }
    int all = after.get(Section.RESIDUAL).length;
    assertThat(Arrays.copyOf(after.get(Section.RESIDUAL), all / 2))
        .as("a residual is one replica's alone")
        .isNotEqualTo(Arrays.copyOfRange(after.get(Section.RESIDUAL), all / 2, all));
  }

  @ParameterizedTest
  @CsvSource({"1, 3", "3, 1", "3, 2"})
  void runGoesOnWithAnotherNumberOfReplicas(int before, int after) {
    TinyRun run = run("run", before);
    run.runUntil(3);
    TinyRun resumed = run("run", after);

    assertThat(resumed.run().finished()).isTrue();
    assertThat(resumed.metrics()).hasSize(TinyRun.STEPS);
    assertThat(resumed.checkpoint(TinyRun.STEPS).manifest().elements(Section.RESIDUAL))
        .isEqualTo(after * run.checkpoint(3).manifest().elements(Section.RESIDUAL) / before);
  }

  @Test
  void replicaThatSendsNonsenseEndsTheRunForThatReason() {
    ReplicaLauncher launcher =
        new FaultyReplicas(group -> group.rank() == 1 ? talkingNonsense(group) : group);
    assertThatThrownBy(() -> run("run", 2).run(launcher, 3, new StopSignal(), RunObserver.NONE))
        .isInstanceOf(FaultyReplicaException.class)
        .hasMessageContaining("rank=0 step=0 refused what came: envelope of rank=1");
  }

  /** A replica whose parts begin with a length that none has. */
  private static Collective talkingNonsense(Collective group) {
    Collective background =
        new ForwardingCollective(group.background()) {
          @Override
          public void allGather(Vector values, long[] bounds) {
            values.write(bounds[group.rank()], 1).put((byte) 0x7f);
            super.allGather(values, bounds);
          }
        };
    return new ForwardingCollective(group) {
      @Override
      public Collective background() {
        return background;
      }
    };
  }

  private static ParameterServerSettings sharing(int staleness) {
    return ParameterServerSettings.sharing(
        new SharingSettings(0, 0.001, 0.02, 0.8, 5, 2, staleness), 1);
  }

  private static float[] values(float[] of, Slice slice) {
    return Arrays.copyOfRange(of, (int) slice.offset(), (int) slice.end());
  }

  private TinyRun run(String name, int replicas) {
    return TinyRun.of(images, temp.resolve(name)).withTrain(2, 5, replicas).withServer(SHARING);
  }
}
