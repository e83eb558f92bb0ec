package org.byol4j.train;

import java.io.IOException;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.byol4j.checkpoint.Attempt;
import org.byol4j.checkpoint.CheckpointWriter;
import org.byol4j.checkpoint.Checkpoints;
import org.byol4j.checkpoint.Floats;
import org.byol4j.checkpoint.Normalization;
import org.byol4j.checkpoint.OwnedRange;
import org.byol4j.checkpoint.Retries;
import org.byol4j.checkpoint.RunIdentity;
import org.byol4j.checkpoint.RunLease;
import org.byol4j.checkpoint.RunStorage;
import org.byol4j.checkpoint.Section;
import org.byol4j.checkpoint.StateLayout;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.StorageException;
import org.byol4j.checkpoint.TrainingState;
import org.byol4j.collective.Collective;
import org.byol4j.exchange.Backbone;
import org.byol4j.exchange.BackboneFile;
import org.byol4j.exchange.BackboneReader;
import org.byol4j.nn.Architecture;
import org.byol4j.nn.Initializer;

/**
 * The beginning of a run whose backbone is given: a checkpoint of step 0. The heads are drawn from
 * the seed, the target starts as a copy of the online network (Grill et al. 2020, section 3.1), the
 * momentum is zero. Which images it is trained on is settled by the first {@code train}.
 */
public final class ImportedRun {
  private ImportedRun() {}

  /**
   * Writes the checkpoint.
   *
   * @param settings the run: network, seed, configuration and {@code out} are used
   * @param backbone the tensors of the backbone
   * @return where the checkpoint lies
   * @throws ResumeRefusedException if the folder holds a run already
   * @throws org.byol4j.exchange.ExchangeException if the file does not hold this backbone; nothing
   *     is written then
   * @throws StorageException if the checkpoint cannot be written
   */
  public static String begin(RunSettings settings, BackboneFile backbone) {
    TrainingState state = state(settings, backbone);
    RunStorage out = settings.out();
    Storage checkpoints = out.checkpoints();
    try (RunLease lease = out.lease()) {
      checkEmpty(out, checkpoints);
      CheckpointWriter writer =
          new CheckpointWriter(
              checkpoints,
              settings.checkpoint(),
              Retries.standard(),
              new Attempt(lease.nextAttempt(), out.fence()),
              Collective.single());
      return checkpoints.describe(writer.write(state));
    }
  }

  private static void checkEmpty(RunStorage out, Storage checkpoints) {
    try {
      Optional<String> found = new Checkpoints(checkpoints).latest();
      if (found.isPresent()) {
        throw new ResumeRefusedException(
            "%s holds a run already, checkpoint=%s: expected an empty folder"
                .formatted(out.location(), found.get()));
      }
    } catch (IOException e) {
      throw new StorageException(
          "%s: cannot be listed: %s".formatted(checkpoints.describe(""), e), e);
    }
  }

  private static TrainingState state(RunSettings settings, BackboneFile backbone) {
    Architecture architecture = new Architecture(settings.network());
    StateLayout layout = RunState.layout(architecture);
    long seed = settings.train().seed();
    float[] weights = new Initializer(settings.network()).draw(layout.parameters(), seed);
    float[] running = untouched(layout);
    BackboneReader.read(backbone, Backbone.in(layout, weights, running));

    int targetWeights = architecture.targetTable().length();
    Map<Section, OwnedRange> values = new EnumMap<>(Section.class);
    values.put(Section.WEIGHTS, whole(weights));
    values.put(Section.TARGET, whole(Arrays.copyOf(weights, targetWeights)));
    values.put(Section.MOMENTUM, whole(new float[weights.length]));
    values.put(Section.BATCHNORM_ONLINE, whole(running));
    values.put(
        Section.BATCHNORM_TARGET,
        whole(Arrays.copyOf(running, architecture.targetRunningLength())));
    return new TrainingState(
        0,
        0,
        new RunIdentity(seed, settings.configuration(), "", Map.of()),
        layout,
        Map.of(),
        List.of(),
        values);
  }

  private static OwnedRange whole(float[] values) {
    return OwnedRange.whole(Floats.of(values));
  }

  /** Running statistics before the first step: means 0, variances 1. */
  private static float[] untouched(StateLayout layout) {
    float[] running =
        new float
            [Math.toIntExact(
                layout.normalizations().stream().mapToLong(Normalization::end).max().orElse(0))];
    for (Normalization norm : layout.normalizations()) {
      int variances = Math.toIntExact(norm.offset()) + norm.channels();
      Arrays.fill(running, variances, Math.toIntExact(norm.end()), 1);
    }
    return running;
  }
}
