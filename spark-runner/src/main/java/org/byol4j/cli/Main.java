package org.byol4j.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The entry point of {@code bin/byol4j}. */
@Command(
    name = "byol4j",
    description = "Pretrains image backbones with BYOL (Grill et al. 2020).",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    scope = ScopeType.INHERIT,
    usageHelpAutoWidth = true,
    subcommands = {
      BenchCommand.class,
      ConfigCommand.class,
      WeightsDigestCommand.class,
      WeightsDiffCommand.class
    })
public final class Main implements Runnable {
  private static final String TRACE = "BYOL4J_TRACE";

  @Spec private CommandSpec spec;

  /** Runs one command and ends the JVM with its exit code. */
  public static void main(String[] arguments) {
    System.exit(
        run(
            arguments,
            new PrintWriter(System.out, true, StandardCharsets.UTF_8),
            new PrintWriter(System.err, true, StandardCharsets.UTF_8),
            System.getenv()));
  }

  /** Runs one command and returns its exit code. */
  static int run(
      String[] arguments, PrintWriter out, PrintWriter err, Map<String, String> environment) {
    Failures failures = new Failures(!environment.getOrDefault(TRACE, "").isEmpty());
    CommandLine command = new CommandLine(new Main());
    command.setOut(out);
    command.setErr(err);
    command.setParameterExceptionHandler(failures);
    command.setExecutionExceptionHandler(failures);
    try {
      return command.execute(arguments);
    } catch (OutOfMemoryError | LinkageError e) {
      return failures.tell(e, err);
    }
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
