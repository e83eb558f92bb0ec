package org.byol4j.cli;

import java.util.List;
import java.util.Map;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.spark.storage.Places;
import picocli.CommandLine.Option;

/** {@code --checkpoint} of commands that look at what was trained. */
final class CheckpointOption {
  @Option(
      names = "--checkpoint",
      required = true,
      paramLabel = "RUN_OR_CHECKPOINT",
      description = "A checkpoint's folder, or a run's, whose newest checkpoint is taken.")
  private String folder;

  /** The folder as it was given. */
  String folder() {
    return folder;
  }

  /**
   * Opens the checkpoint.
   *
   * @throws org.byol4j.checkpoint.CheckpointException if there is none, or it is damaged
   * @throws org.byol4j.checkpoint.PlaceException if there is no such file system
   */
  Checkpoint open() {
    Places.expectFileSystem("--checkpoint", folder, Map.of());
    return Places.checkpoint(folder);
  }

  /**
   * The settings that {@code checkpoint} was trained with.
   *
   * @param set what is to be otherwise
   * @throws org.byol4j.config.ConfigurationException if that is not allowed
   */
  static Configuration configurationOf(Checkpoint checkpoint, List<Assignment> set) {
    return Configuration.ofText(
        checkpoint.manifest().identity().configuration(), checkpoint.describe(), set);
  }
}
