package org.byol4j.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import picocli.CommandLine.Option;

/** The options that say what the configuration is. */
final class ConfigurationOptions {
  private static final String SET = "--set";

  @Option(
      names = "--conf",
      required = true,
      paramLabel = "FILE",
      description = "The configuration, in HOCON. conf/ has some to start from.")
  private Path file;

  @Option(
      names = SET,
      paramLabel = "KEY=VALUE",
      description = "Sets one key; wins over the file. May be given many times.")
  private List<String> assignments = new ArrayList<>();

  /**
   * Reads the configuration.
   *
   * @param others assignments that other options of the command stand for; they win
   */
  Configuration read(Assignment... others) {
    List<Assignment> all = new ArrayList<>();
    assignments.forEach(text -> all.add(new Assignment(SET, text)));
    all.addAll(List.of(others));
    return Configuration.ofFile(file, all);
  }
}
