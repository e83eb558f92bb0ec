package org.byol4j.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalDouble;
import org.byol4j.checkpoint.Storage;
import org.byol4j.checkpoint.StorageException;
import org.byol4j.config.Configuration;
import org.byol4j.metrics.StepRecord;
import org.byol4j.spark.storage.Places;

/** What the kNN monitor of a run said of a checkpoint. */
final class MonitoredKnn {
  private static final String METRICS = "metrics.jsonl";
  private static final String CHECKPOINTS = "checkpoints";

  private MonitoredKnn() {}

  /**
   * Looks into the metrics of the run that the checkpoint lies in.
   *
   * @param runOrCheckpoint what the user points at
   * @param steps the checkpoint's
   * @return the share of images that were classified rightly; empty if the monitor did not look
   *     after that step, or the checkpoint lies in no run
   */
  static OptionalDouble of(String runOrCheckpoint, Configuration configuration, long steps) {
    String folder = Places.absolute(runOrCheckpoint).replaceFirst("/+$", "");
    Optional<String> run = runOf(folder);
    if (steps == 0) {
      return OptionalDouble.empty();
    }
    Storage files =
        Places.run(run.orElse(folder), configuration.lease(), configuration.cluster().spark())
            .files();
    try {
      if (!files.exists(METRICS)) {
        return OptionalDouble.empty();
      }
      try (BufferedReader lines =
          new BufferedReader(new InputStreamReader(files.read(METRICS), StandardCharsets.UTF_8))) {
        return lines
            .lines()
            .skip(steps - 1)
            .findFirst()
            .flatMap(line -> StepRecord.parse(line.getBytes(StandardCharsets.UTF_8)))
            .filter(entry -> entry.step() + 1 == steps)
            .map(StepRecord::knnTop1)
            .orElse(OptionalDouble.empty());
      }
    } catch (IOException e) {
      throw new StorageException("cannot read %s: %s".formatted(files.describe(METRICS), e), e);
    }
  }

  /** The run that a checkpoint's folder lies in, if its parent is named as that of a run. */
  private static Optional<String> runOf(String folder) {
    String[] parts = folder.split("/", -1);
    if (parts.length < 3 || !parts[parts.length - 2].equals(CHECKPOINTS)) {
      return Optional.empty();
    }
    int length = folder.length() - parts[parts.length - 1].length() - CHECKPOINTS.length() - 2;
    return Optional.of(folder.substring(0, length));
  }
}
