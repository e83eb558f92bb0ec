package org.byol4j.cli;

import java.io.PrintWriter;
import org.byol4j.checkpoint.WeightsDigest;
import org.byol4j.spark.storage.Places;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weights-digest}: whether two training states are the same to the bit. */
@Command(
    name = "weights-digest",
    description =
        "Shows the SHA-256 of a checkpoint's weights, target, momentum and batch normalization"
            + " state.")
final class WeightsDigestCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "RUN_OR_CHECKPOINT",
      description = "A checkpoint's folder, or a run's, whose newest checkpoint is taken.")
  private String folder;

  @Override
  public void run() {
    PrintWriter out = spec.commandLine().getOut();
    WeightsDigest.of(Places.checkpoint(folder)).forEach(out::println);
    out.flush();
  }
}
