package org.byol4j.checkpoint;

import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
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

  private States() {}

  /** A state whose values are drawn from its step. */
  static TrainingState at(long step) {
    return at(step, IDENTITY);
  }

  static TrainingState at(long step, RunIdentity identity) {
    Random random = new Random(step);
    Map<Section, Floats> values = new EnumMap<>(Section.class);
    values.put(Section.WEIGHTS, floats(random, 120));
    values.put(Section.TARGET, floats(random, 112));
    values.put(Section.MOMENTUM, floats(random, 120));
    values.put(Section.BATCHNORM_ONLINE, floats(random, 12));
    values.put(Section.BATCHNORM_TARGET, floats(random, 8));
    return new TrainingState(
        step, (int) step / 10, identity, LAYOUT, Map.of("unhealthy-looks", step % 3), values);
  }

  /** A state of one slice of {@code length} weights. */
  static TrainingState ofLength(long step, int length) {
    Random random = new Random(step);
    Slice slice = new Slice("fc.weight", Kind.WEIGHT, List.of(length), 0);
    Map<Section, Floats> values = new EnumMap<>(Section.class);
    for (Section section : List.of(Section.WEIGHTS, Section.TARGET, Section.MOMENTUM)) {
      values.put(section, floats(random, length));
    }
    values.put(Section.BATCHNORM_ONLINE, floats(random, 0));
    values.put(Section.BATCHNORM_TARGET, floats(random, 0));
    StateLayout layout = new StateLayout(new ParameterTable(List.of(slice)), List.of());
    return new TrainingState(step, 0, IDENTITY, layout, Map.of(), values);
  }

  static Floats floats(Random random, int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Floats.of(values);
  }

  static float[] array(Floats floats) {
    float[] values = new float[floats.length()];
    floats.read(0, FloatBuffer.wrap(values));
    return values;
  }

  /** A writer that keeps the last two and never waits. */
  static CheckpointWriter writer(Storage storage) {
    return new CheckpointWriter(
        storage,
        new CheckpointSettings(10, 2, 0),
        new Retries(3, Duration.ZERO, p -> {}),
        Attempt.FIRST);
  }
}
