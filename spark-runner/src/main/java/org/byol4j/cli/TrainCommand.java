package org.byol4j.cli;

import java.io.PrintWriter;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.spark.BarrierLauncher;
import org.byol4j.spark.RunConfiguration;
import org.byol4j.train.RunObserver;
import org.byol4j.train.RunSettings.Resume;
import org.byol4j.train.RunSummary;
import org.byol4j.train.StopSignal;
import org.byol4j.train.Trainer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code train}: pretrains a backbone, or goes on where an earlier run was stopped. */
@Command(
    name = "train",
    description = {
      "Pretrains a backbone on images.",
      "SIGTERM and Ctrl-C end it after the step in progress, with a checkpoint; the same command"
          + " goes on from there. A second one ends it at once, without that checkpoint."
    })
final class TrainCommand implements Runnable {
  @Spec private CommandSpec spec;
  @ParentCommand private Commands main;
  @Mixin private ConfigurationOptions options;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "PATH",
      description =
          "A folder of images, a .tar or a .tar.gz; Parquet with columns bytes, id and label; what"
              + " ingest wrote. A path, or a URI of Hadoop: hdfs:, s3a:.")
  private String data;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "PATH",
      description =
          "The run's folder: checkpoints, metrics.jsonl, config.conf. A path, or a URI of"
              + " Hadoop: hdfs:, s3a:.")
  private String out;

  @Option(
      names = "--master",
      paramLabel = "URL",
      defaultValue = "",
      description =
          "Where Spark runs the replicas: wins over cluster.master and over what spark-submit says."
              + " Without any of these they run in this process.")
  private String master;

  @Option(
      names = "--replicas",
      paramLabel = "N",
      description = "Replicas that share each batch: stands for cluster.replicas.")
  private List<String> replicas = List.of();

  @Option(
      names = "--resume",
      paramLabel = "HOW",
      defaultValue = "auto",
      description =
          "auto: go on from the newest checkpoint in PATH, if there is one; never: refuse a PATH that"
              + " holds a run. Default: ${DEFAULT-VALUE}.")
  private Resume resume;

  @Override
  public void run() {
    Configuration configuration =
        options.read(
            replicas.stream()
                .map(n -> new Assignment("--replicas", "cluster.replicas=" + n))
                .toArray(Assignment[]::new));
    TrainingNotice observer =
        new TrainingNotice(
            ConsoleObserver.onStandardError(configuration.train().batchSize()),
            configuration.checkpoint().everySteps());
    RunSummary summary = train(configuration, main.interruption().obey(observer), observer);
    PrintWriter print = spec.commandLine().getOut();
    print.println(lineOf(summary));
    print.flush();
  }

  private RunSummary train(Configuration configuration, StopSignal stop, RunObserver observer) {
    try (BarrierLauncher launcher = BarrierLauncher.of(configuration, master, stop, observer)) {
      return new Trainer(
              RunConfiguration.settings(configuration, data, out, resume),
              configuration.cluster().maxRestarts(),
              launcher,
              stop,
              observer,
              new BuildProgress(Clock.systemUTC(), stop))
          .run();
    }
  }

  /** How the run ended; a part of a run without a step has neither loss nor speed. */
  static String lineOf(RunSummary summary) {
    if (Double.isNaN(summary.loss())) {
      String how =
          summary.wasComplete()
              ? "already complete after %d steps; checkpoint %s"
              : "stopped after %d steps, before another one; checkpoint %s";
      return how.formatted(summary.steps(), summary.checkpoint());
    }
    return String.format(
        Locale.ROOT,
        "%s after %d steps: loss %.4f, %.1f images/s, %.0f s; checkpoint %s",
        summary.finished() ? "done" : "stopped",
        summary.steps(),
        summary.loss(),
        summary.imagesPerSecond(),
        summary.seconds(),
        summary.checkpoint());
  }
}
