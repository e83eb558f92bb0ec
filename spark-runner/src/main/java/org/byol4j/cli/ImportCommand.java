package org.byol4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.exchange.BackboneFile;
import org.byol4j.exchange.Dl4jFile;
import org.byol4j.exchange.ModelCard;
import org.byol4j.exchange.SafetensorsFile;
import org.byol4j.spark.RunConfiguration;
import org.byol4j.train.ImportedRun;
import org.byol4j.train.RunSettings;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code import}: a run that starts from given backbone weights. */
@Command(
    name = "import",
    description = {
      "Begins a run with the backbone of a file: writes its checkpoint of step 0. The same"
          + " configuration trains it on: train --conf FILE --data PATH --out RUN.",
      "The heads are drawn from train.seed."
    })
final class ImportCommand implements Runnable {
  @Spec private CommandSpec spec;

  /** What can be read. */
  private enum Format {
    SAFETENSORS,
    DL4J
  }

  @Option(
      names = "--format",
      required = true,
      paramLabel = "FORMAT",
      description =
          "safetensors: float32 tensors with torchvision's names; dl4j: a ComputationGraph of"
              + " Deeplearning4j whose vertices have them.")
  private Format format;

  @Option(
      names = "--file",
      required = true,
      paramLabel = "FILE",
      description = "The file that holds the backbone.")
  private Path file;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "PATH",
      description = "The folder of the new run. A path, or a URI of Hadoop: hdfs:, s3a:.")
  private String out;

  @Option(
      names = "--conf",
      paramLabel = "FILE",
      description =
          "The configuration of the run; default: the one that export wrote into the file.")
  private Optional<Path> configurationFile = Optional.empty();

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Sets one key; wins over the file. May be given many times.")
  private List<String> assignments = new ArrayList<>();

  @Override
  public void run() {
    try (BackboneFile backbone =
        switch (format) {
          case SAFETENSORS -> SafetensorsFile.open(file);
          case DL4J -> Dl4jFile.open(file);
        }) {
      RunSettings settings =
          RunConfiguration.settings(configuration(backbone), "", out, RunSettings.Resume.NEVER);
      PrintWriter print = spec.commandLine().getOut();
      print.println(
          "%s, with the backbone of %s".formatted(ImportedRun.begin(settings, backbone), file));
      print.flush();
    }
  }

  private Configuration configuration(BackboneFile backbone) {
    List<Assignment> set = assignments.stream().map(text -> new Assignment("--set", text)).toList();
    if (configurationFile.isPresent()) {
      return Configuration.ofFile(configurationFile.get(), set);
    }
    String text = backbone.metadata().getOrDefault(ModelCard.CONFIGURATION, "");
    if (text.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(),
          "--conf is missing: %s holds no configuration, as files of export do".formatted(file));
    }
    return Configuration.ofText(text, file.toString(), set);
  }
}
