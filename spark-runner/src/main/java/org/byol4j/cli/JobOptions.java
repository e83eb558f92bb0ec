package org.byol4j.cli;

import org.byol4j.spark.ImageJobs;
import org.byol4j.train.ClusterSettings;
import org.byol4j.train.StopSignal;
import picocli.CommandLine.Option;

/** {@code --out} and {@code --master} of commands that have Spark write a folder. */
final class JobOptions {
  @Option(
      names = "--out",
      required = true,
      paramLabel = "PATH",
      description = "The folder that is written; every machine of the cluster must see it.")
  private String out;

  @Option(
      names = "--master",
      paramLabel = "URL",
      defaultValue = "",
      description = "Where Spark runs the tasks; default: as spark-submit says, or this process.")
  private String master;

  String out() {
    return out;
  }

  /**
   * The jobs where these options say; how far they are is told on standard error.
   *
   * @param stop ends them early
   */
  ImageJobs jobs(ClusterSettings cluster, StopSignal stop) {
    return new ImageJobs(cluster, master, stop, ConsoleObserver.onStandardError(1));
  }
}
