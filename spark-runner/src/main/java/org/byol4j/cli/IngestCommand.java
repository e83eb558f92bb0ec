package org.byol4j.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.spark.input.Dataset;
import org.byol4j.train.StopSignal;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code ingest}: checks images once, and writes them as training wants them. */
@Command(
    name = "ingest",
    description = {
      "Checks images and writes the good ones as Parquet, dealt into shards: what train takes as"
          + " --data on a cluster.",
      "Started again after it was stopped, it goes on where it was."
    })
final class IngestCommand implements Runnable {
  private static final String AGAIN = "the same command goes on behind what is done";

  /** Of shards, that is not 0. */
  private static final String NUMBER = "[1-9]\\d{0,5}";

  private static final int SMALLEST_BATCH = 2;

  @Spec private CommandSpec spec;
  @ParentCommand private Commands main;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "PATH",
      description =
          "A folder of images, a .tar or a .tar.gz, or Parquet with columns bytes, id and label. A"
              + " path that every executor sees, or a URI of Hadoop: hdfs:, s3a:.")
  private String data;

  @Mixin private JobOptions job;

  @Option(
      names = "--shards",
      paramLabel = "S",
      defaultValue = "64",
      description =
          "Into how many shards the images are dealt, a divisor of the batch sizes they are for, and"
              + " no less than the replicas; default: ${DEFAULT-VALUE}.")
  private String shards;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Sets one key of the configuration, such as data.max-bad-fraction. May be given many times.")
  private List<String> assignments = new ArrayList<>();

  @Override
  public void run() {
    List<Assignment> all = new ArrayList<>();
    assignments.forEach(text -> all.add(new Assignment("--set", text)));
    Configuration configuration = Configuration.ofDefaults(all);
    StopSignal stop = main.interruption().obey(SignalNotice.of(AGAIN));
    Dataset dataset =
        job.jobs(configuration.cluster(), stop)
            .ingest(configuration.data(), data, job.out(), shardCount());
    PrintWriter print = spec.commandLine().getOut();
    print.println(
        "%d images in %d shards, %s; hash %s"
            .formatted(
                dataset.images(), dataset.shards(), BadImages.in(dataset.bad()), dataset.hash()));
    print.flush();
  }

  /** Read as a setting, so that a fault is told as one. */
  private int shardCount() {
    List<Assignment> all = new ArrayList<>();
    all.add(new Assignment("--shards", "data.shards=" + shards));
    if (shards.matches(NUMBER)) {
      // a batch that goes with them, since none is known here
      int batch = Math.max(SMALLEST_BATCH, Integer.parseInt(shards));
      all.add(new Assignment("--shards", "train.batch-size=" + batch));
    }
    return Configuration.ofDefaults(all).data().shards();
  }
}
