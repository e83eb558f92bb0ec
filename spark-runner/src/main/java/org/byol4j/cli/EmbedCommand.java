package org.byol4j.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.spark.ImageJobs;
import org.byol4j.spark.embed.BackboneModel;
import org.byol4j.spark.embed.EmbeddingSummary;
import org.byol4j.spark.embed.Embeddings;
import org.byol4j.train.StopSignal;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code embed}: the features of many images, as Parquet. */
@Command(
    name = "embed",
    description = {
      "Writes what the online backbone of a checkpoint makes of images, as Parquet with columns id,"
          + " path, label and features: what knn compares, to the bit.",
      "Started again after it was stopped, it goes on where it was."
    })
final class EmbedCommand implements Runnable {
  private static final String AGAIN = "the same command goes on behind what is done";

  @Spec private CommandSpec spec;
  @ParentCommand private Commands main;

  @Mixin private CheckpointOption trained;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "PATH",
      description =
          "A folder of images, a .tar or a .tar.gz, Parquet with columns bytes, id and label, or what"
              + " ingest has written. A path that every executor sees, or a URI of Hadoop.")
  private String data;

  @Mixin private JobOptions job;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads to compute a batch with; default: as many as the run had.")
  private List<String> threads = List.of();

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Sets one key of the sections cluster or data, such as data.max-bad-fraction, or"
              + " knn.image-size. May be given many times.")
  private List<String> assignments = new ArrayList<>();

  @Mixin private JsonOption json;

  @Override
  public void run() {
    List<Assignment> set = assignments();
    Checkpoint checkpoint = trained.open();
    Configuration configuration = CheckpointOption.configurationOf(checkpoint, set);
    StopSignal stop = main.interruption().obey(SignalNotice.of(AGAIN));
    // where the run was trained says nothing about where this runs
    ImageJobs jobs = job.jobs(Configuration.ofDefaults(set).cluster(), stop);
    tell(jobs.embed(checkpoint, BackboneModel.of(checkpoint, configuration), data, job.out()));
  }

  private List<Assignment> assignments() {
    List<Assignment> all = new ArrayList<>();
    for (String text : assignments) {
      if (!text.matches("(cluster|data)\\..*|knn\\.image-size *=.*")) {
        throw new ParameterException(
            spec.commandLine(),
            "--set %s: features are those of the checkpoint's own settings, expected a key of cluster or data, or knn.image-size"
                .formatted(text));
      }
      all.add(new Assignment("--set", text));
    }
    threads.forEach(number -> all.add(new Assignment("--threads", "compute.threads=" + number)));
    return all;
  }

  private void tell(EmbeddingSummary summary) {
    PrintWriter print = spec.commandLine().getOut();
    Embeddings embeddings = summary.embeddings();
    int bad = embeddings.bad().values().stream().mapToInt(Integer::intValue).sum();
    print.println(
        "%s%d images in %d files, %d features each, of step %d; %s"
            .formatted(
                summary.wasComplete() ? "already complete: " : "",
                embeddings.images(),
                embeddings.files(),
                embeddings.features(),
                embeddings.step(),
                BadImages.in(embeddings.bad())));
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("out", job.out());
    values.put("images", embeddings.images());
    values.put("bad", bad);
    values.put("features", embeddings.features());
    values.put("files", embeddings.files());
    values.put("step", embeddings.step());
    json.end(print, values);
  }
}
