package org.byol4j.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.doctor.Finding;
import org.byol4j.doctor.Finding.Level;
import org.byol4j.spark.Checkups;
import org.byol4j.spark.PlaceReport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code doctor}: looks at machines before a run does. */
@Command(
    name = "doctor",
    description = {
      "Looks at what a run needs: Java, memory, processors, GPU and libraries, folders, ports,"
          + " clock. Says what to change.",
      "Ends with 69 if something would keep the run from starting, or end it."
    })
final class DoctorCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @ParentCommand private Commands main;

  @Option(
      names = "--conf",
      paramLabel = "FILE",
      defaultValue = "",
      description = "The configuration that is to be run; without it, the defaults.")
  private String file;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Sets one key; wins over the file. May be given many times.")
  private List<String> assignments = new ArrayList<>();

  @Option(
      names = "--replicas",
      paramLabel = "N",
      description = "Replicas that share each batch: stands for cluster.replicas.")
  private List<String> replicas = List.of();

  @Option(
      names = "--master",
      paramLabel = "URL",
      defaultValue = "",
      description = "Where Spark runs the replicas, as for train.")
  private String master;

  @Option(
      names = "--out",
      paramLabel = "PATH",
      defaultValue = "",
      description = "The run's folder: whether it can be written, and how much room there is.")
  private String out;

  @Option(
      names = "--on-executors",
      description =
          "Looks at the place of each replica, by tasks of Spark that start as replicas do, and has"
              + " them connect to each other; a report for each.")
  private boolean isOnExecutors;

  @Mixin private JsonOption json;

  @Override
  public Integer call() {
    Checkups checkups = new Checkups(configuration(), master);
    List<PlaceReport> reports =
        isOnExecutors
            ? checkups.onExecutors(
                main.interruption().obey(SignalNotice.of("nothing was written")),
                ConsoleObserver.onStandardError(1))
            : List.of(checkups.here(out));
    PrintWriter print = spec.commandLine().getOut();
    reports.forEach(report -> print(report, print));
    long faults = count(reports, Level.FAULT);
    long warnings = count(reports, Level.WARNING);
    print.println("%d faults, %d warnings".formatted(faults, warnings));
    json.end(print, values(reports, faults, warnings));
    return (faults == 0 ? ExitCode.DONE : ExitCode.UNFIT).number();
  }

  private Configuration configuration() {
    List<Assignment> all =
        Stream.concat(
                replicas.stream().map(n -> new Assignment("--replicas", "cluster.replicas=" + n)),
                assignments.stream().map(text -> new Assignment("--set", text)))
            .toList();
    return file.isEmpty()
        ? Configuration.ofDefaults(all)
        : Configuration.ofFile(Path.of(file), all);
  }

  private static void print(PlaceReport report, PrintWriter print) {
    int width = report.findings().stream().mapToInt(f -> f.subject().length()).max().orElse(0);
    print.println(report.place());
    for (Finding finding : report.findings()) {
      print.println(
          ("  %-7s  %-" + width + "s  %s")
              .formatted(word(finding.level()), finding.subject(), finding.state()));
      if (!finding.advice().isEmpty()) {
        print.println(" ".repeat(width + 13) + "-> " + finding.advice());
      }
    }
  }

  private static String word(Level level) {
    return level == Level.FINE ? "ok" : level.name().toLowerCase(Locale.ROOT);
  }

  private static long count(List<PlaceReport> reports, Level level) {
    return reports.stream()
        .flatMap(report -> report.findings().stream())
        .filter(finding -> finding.level() == level)
        .count();
  }

  private static Map<String, Object> values(List<PlaceReport> reports, long faults, long warnings) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("faults", faults);
    values.put("warnings", warnings);
    values.put(
        "places",
        reports.stream()
            .map(
                report ->
                    Map.of(
                        "place",
                        report.place(),
                        "findings",
                        report.findings().stream().map(DoctorCommand::values).toList()))
            .toList());
    return values;
  }

  private static Map<String, String> values(Finding finding) {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("subject", finding.subject());
    values.put("level", word(finding.level()));
    values.put("state", finding.state());
    values.put("advice", finding.advice());
    return values;
  }
}
