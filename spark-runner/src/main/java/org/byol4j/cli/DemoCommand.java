package org.byol4j.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.train.StopSignal;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code demo}: trains on images that it draws itself, and shows that the features got better. */
@Command(
    name = "demo",
    description = {
      "Draws images of ten classes of shapes and textures, pretrains a small backbone on them"
          + " without labels, and compares its features with raw pixels and with the untrained"
          + " backbone. Takes about three minutes on two cores.",
      "The settings are those of conf/demo.conf."
    })
final class DemoCommand implements Runnable {
  private static final String ANEW = "a demo begins anew each time";
  private static final int TRAIN_PER_CLASS = 400;
  private static final int TEST_PER_CLASS = 100;

  @Spec private CommandSpec spec;
  @ParentCommand private Commands main;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "byol4j-demo",
      description =
          "Where images, run and summary.json go; replaces an earlier demo's. Default:"
              + " ./${DEFAULT-VALUE}.")
  private Path out;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Where images, weights and views start from: stands for train.seed.")
  private List<String> seed = List.of();

  @Option(
      names = "--replicas",
      paramLabel = "N",
      description = "Replicas that share each batch: stands for cluster.replicas.")
  private List<String> replicas = List.of();

  @Override
  public void run() {
    Configuration configuration = configuration();
    DemoFolder folder = new DemoFolder(out);
    if (!folder.prepare()) {
      throw new ParameterException(
          spec.commandLine(),
          "--out=%s holds something else than a demo: expected an empty or a new folder"
              .formatted(out));
    }
    StopSignal stop = main.interruption().obey(SignalNotice.of(ANEW));
    ConsoleObserver observer = ConsoleObserver.onStandardError(configuration.train().batchSize());
    Optional<DemoResult> result =
        new Demo(folder, configuration, TRAIN_PER_CLASS, TEST_PER_CLASS, stop, observer).run();
    if (result.isEmpty()) {
      observer.says("stopped before there was a result; " + ANEW);
      return;
    }
    writeSummary(folder, result.get());
    print(folder, result.get());
  }

  private Configuration configuration() {
    Path preset = Path.of(System.getProperty("byol4j.home", ".")).resolve("conf/demo.conf");
    List<Assignment> assignments = new ArrayList<>();
    seed.forEach(n -> assignments.add(new Assignment("--seed", "train.seed=" + n)));
    replicas.forEach(n -> assignments.add(new Assignment("--replicas", "cluster.replicas=" + n)));
    return Configuration.ofFile(preset, assignments);
  }

  private static void writeSummary(DemoFolder folder, DemoResult result) {
    try {
      Files.writeString(folder.summary(), Json.line(result.toFields()) + System.lineSeparator());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + folder.summary(), e);
    }
  }

  private void print(DemoFolder folder, DemoResult result) {
    PrintWriter print = spec.commandLine().getOut();
    print.println();
    print.println("kNN accuracy on freshly drawn test images (chance is 10.0 %)");
    print.println(row("raw pixels", percent(result.knnPixels())));
    print.println(row("untrained backbone", percent(result.knnUntrained())));
    print.println(row("trained backbone", percent(result.knnTrained())));
    print.println(row("loss at the end", "%.3f".formatted(result.run().loss())));
    print.println(row("images per second", "%.0f".formatted(result.run().imagesPerSecond())));
    print.println(row("training time", "%.0f s".formatted(result.run().seconds())));
    print.println(row("images, run, summary", folder.folder().toString()));
    print.flush();
  }

  private static String row(String name, String value) {
    return String.format(Locale.ROOT, "  %-22s %s", name, value);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
