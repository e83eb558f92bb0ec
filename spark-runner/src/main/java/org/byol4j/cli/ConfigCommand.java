package org.byol4j.cli;

import java.io.PrintWriter;
import org.byol4j.config.Configuration;
import org.byol4j.config.ResolvedValue;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code config}: shows or checks a configuration, and starts nothing. */
@Command(name = "config", description = "Shows or checks a configuration.")
final class ConfigCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "expected print or check");
  }

  @Command(description = "Shows every key with its value and where that comes from.")
  void print(@Mixin ConfigurationOptions options) {
    PrintWriter out = spec.commandLine().getOut();
    Configuration configuration = options.read();
    int width =
        configuration.resolved().stream()
            .mapToInt(value -> assignment(value).length())
            .max()
            .orElse(0);
    for (ResolvedValue value : configuration.resolved()) {
      String assignment = assignment(value);
      out.println(assignment + " ".repeat(width - assignment.length()) + "  # " + value.origin());
    }
    out.flush();
  }

  @Command(description = "Tells all faults of a configuration, or that there is none.")
  void check(@Mixin ConfigurationOptions options) {
    Configuration configuration = options.read();
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        "no fault in %d keys, sha256 %s"
            .formatted(configuration.resolved().size(), configuration.text().sha256()));
    out.flush();
  }

  private static String assignment(ResolvedValue value) {
    return value.key() + " = " + value.value();
  }
}
