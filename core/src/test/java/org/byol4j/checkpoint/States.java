package org.byol4j.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.byol4j.collective.Collective;
import org.byol4j.collective.LocalCollective;
import org.byol4j.collective.Replicas;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;
import org.byol4j.parameters.Slice.Kind;

/** Training states of a network of three slices and two normalizations. */
final class States {
  static final ParameterTable PARAMETERS =
      new ParameterTable(
          List.of(
              new Slice("backbone.conv1.weight", Kind.WEIGHT, List.of(4, 3, 3, 3), 0),
              new Slice("backbone.bn1.weight", Kind.NORM_SCALE, List.of(4), 108),
              new Slice("predictor.0.weight", Kind.WEIGHT, List.of(2, 4), 112)));
  static final StateLayout LAYOUT =
      new StateLayout(
          PARAMETERS,
          List.of(new Normalization("backbone.bn1", 4, 0), new Normalization("predictor.1", 2, 8)));
  static final RunIdentity IDENTITY =
      new RunIdentity(
          17,
          "train.epochs = 3\ntrain.batch-size = 8\n",
          "d".repeat(64),
          Map.of("device", "onednn", "threads", "2"));

  /** What every run has; only one that shares gradients has a residual as well. */
  static final Set<Section> SECTIONS = EnumSet.complementOf(EnumSet.of(Section.RESIDUAL));

  /** How many values the residual of one replica has: those of the two slices of weights. */
  static final int RESIDUAL = 116;

  /** What several replicas write together. */
  private static final Set<Section> SPREAD =
      EnumSet.of(Section.WEIGHTS, Section.TARGET, Section.MOMENTUM);

  private States() {}

  /** A state of replicas that computed by these algorithms. */
  static TrainingState computedBy(List<Algorithms> algorithms) {
    TrainingState state = at(10);
    return new TrainingState(
        10,
        state.epoch(),
        state.identity(),
        state.layout(),
        state.counters(),
        algorithms,
        state.owned());
  }

  /** A state whose values are drawn from its step. */
  static TrainingState at(long step) {
    return at(step, IDENTITY);
  }

  /** A state with the residuals of {@code size} replicas, one after the other. */
  static TrainingState sharing(long step, int size) {
    TrainingState state = at(step);
    Map<Section, OwnedRange> values = new EnumMap<>(state.owned());
    values.put(Section.RESIDUAL, floats(new Random(step), size * RESIDUAL));
    return with(state, values);
  }

  static TrainingState at(long step, RunIdentity identity) {
    Random random = new Random(step);
    Map<Section, OwnedRange> values = new EnumMap<>(Section.class);
    values.put(Section.WEIGHTS, floats(random, 120));
    values.put(Section.TARGET, floats(random, 112));
    values.put(Section.MOMENTUM, floats(random, 120));
    values.put(Section.BATCHNORM_ONLINE, floats(random, 12));
    values.put(Section.BATCHNORM_TARGET, floats(random, 8));
    return new TrainingState(
        step,
        (int) step / 10,
        identity,
        LAYOUT,
        Map.of("unhealthy-looks", step % 3),
        List.of(),
        values);
  }

  /** A state of one slice of {@code length} weights. */
  static TrainingState ofLength(long step, int length) {
    Random random = new Random(step);
    Slice slice = new Slice("fc.weight", Kind.WEIGHT, List.of(length), 0);
    Map<Section, OwnedRange> values = new EnumMap<>(Section.class);
    for (Section section : List.of(Section.WEIGHTS, Section.TARGET, Section.MOMENTUM)) {
      values.put(section, floats(random, length));
    }
    values.put(Section.BATCHNORM_ONLINE, floats(random, 0));
    values.put(Section.BATCHNORM_TARGET, floats(random, 0));
    StateLayout layout = new StateLayout(new ParameterTable(List.of(slice)), List.of());
    return new TrainingState(step, 0, IDENTITY, layout, Map.of(), List.of(), values);
  }

  static OwnedRange floats(Random random, int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return OwnedRange.whole(Floats.of(values));
  }

  /** All values of a section. */
  static float[] array(TrainingState state, Section section) {
    Floats floats = state.owned().get(section).values();
    float[] values = new float[floats.length()];
    floats.read(0, FloatBuffer.wrap(values));
    return values;
  }

  /** What rank {@code rank} of {@code size} owns of a state; running statistics are of rank 0. */
  static TrainingState share(TrainingState state, int rank, int size) {
    Map<Section, OwnedRange> owned = new EnumMap<>(Section.class);
    int share = (array(state, Section.WEIGHTS).length + size - 1) / size;
    state
        .owned()
        .forEach(
            (section, whole) -> {
              int length = whole.values().length();
              boolean isSpread = SPREAD.contains(section);
              int first = isSpread ? Math.min(length, rank * share) : 0;
              int end = isSpread ? Math.min(length, first + share) : rank == 0 ? length : 0;
              if (section == Section.RESIDUAL) {
                first = Math.min(length, rank * RESIDUAL);
                end = Math.min(length, first + RESIDUAL);
              }
              float[] values = Arrays.copyOfRange(array(state, section), first, end);
              owned.put(section, new OwnedRange(length, first, Floats.of(values)));
            });
    return with(state, owned);
  }

  /** A state that owns something else. */
  private static TrainingState with(TrainingState state, Map<Section, OwnedRange> owned) {
    return new TrainingState(
        state.step(),
        state.epoch(),
        state.identity(),
        state.layout(),
        state.counters(),
        state.algorithms(),
        owned);
  }

  /** Writes a state by {@code size} replicas, each what it owns. */
  static String write(TrainingState state, int size, Storage storage) {
    return Replicas.run(
            LocalCollective.group(size, Duration.ofSeconds(30)),
            collective -> writer(storage, collective).write(share(state, collective.rank(), size)))
        .get(0);
  }

  /** A writer that keeps the last two and never waits. */
  static CheckpointWriter writer(Storage storage) {
    return writer(storage, Collective.single());
  }

  static CheckpointWriter writer(Storage storage, Collective collective) {
    return writer(storage, Attempt.FIRST, collective);
  }

  static CheckpointWriter writer(Storage storage, Attempt attempt, Collective collective) {
    return new CheckpointWriter(
        storage,
        new CheckpointSettings(10, 2, 0),
        new Retries(3, Duration.ZERO, p -> {}),
        attempt,
        collective);
  }

  /** Expects that the checkpoint of a state's step is there and holds the state to the bit. */
  static void expectHolds(TrainingState state, Storage storage) {
    Checkpoint checkpoint = new CheckpointReader(storage).read(Checkpoints.nameOf(state.step()));
    Manifest manifest = checkpoint.manifest();
    assertThat(manifest.step()).isEqualTo(state.step());
    assertThat(manifest.epoch()).isEqualTo(state.epoch());
    assertThat(manifest.identity()).isEqualTo(state.identity());
    assertThat(manifest.layout()).isEqualTo(state.layout());
    assertThat(manifest.counters()).isEqualTo(state.counters());
    for (Section section : Section.values()) {
      assertArrayEquals(States.array(state, section), checkpoint.values(section), section.key());
    }
  }
}
