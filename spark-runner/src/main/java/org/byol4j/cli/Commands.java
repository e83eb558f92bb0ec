package org.byol4j.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkUserAppException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** All commands; {@code Main}, which any Java can run, calls this. */
@Command(
    name = "byol4j",
    description = "Pretrains image backbones with BYOL (Grill et al. 2020).",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    scope = ScopeType.INHERIT,
    usageHelpAutoWidth = true,
    subcommands = {
      TrainCommand.class,
      IngestCommand.class,
      KnnCommand.class,
      EmbedCommand.class,
      ExportCommand.class,
      ImportCommand.class,
      BenchCommand.class,
      ConfigCommand.class,
      DoctorCommand.class,
      DemoCommand.class,
      WeightsDigestCommand.class,
      WeightsDiffCommand.class
    })
public final class Commands implements Runnable {
  private static final String TRACE = "BYOL4J_TRACE";

  /** What {@code bin/byol4j} tells; without it the JVM is Spark's. */
  private static final String HOME = "byol4j.home";

  @Spec private CommandSpec spec;

  private final Interruption interruption;

  private Commands(Interruption interruption) {
    this.interruption = interruption;
  }

  /**
   * Runs one command and ends the JVM with its exit code; under spark-submit, leaves that to Spark.
   *
   * @throws SparkUserAppException with the exit code, if it is not 0 and Spark is to end the JVM
   */
  public static void main(String[] arguments) throws SparkUserAppException {
    // the memory of a network is native: JavaCPP's own limits on that, twice the heap, are lifted
    for (String limit : List.of("maxBytes", "maxPhysicalBytes")) {
      System.getProperties().putIfAbsent("org.bytedeco.javacpp." + limit, "0");
    }
    Interruption interruption = Interruption.ofThisProcess();
    int code =
        interruption.exitCode(
            run(
                arguments,
                new PrintWriter(System.out, true, StandardCharsets.UTF_8),
                new PrintWriter(System.err, true, StandardCharsets.UTF_8),
                System.getenv(),
                interruption));
    if (System.getProperty(HOME) != null) {
      System.exit(code);
    }
    if (code != 0) {
      throw new SparkUserAppException(code);
    }
  }

  /** Runs one command and returns its exit code. */
  static int run(
      String[] arguments,
      PrintWriter out,
      PrintWriter err,
      Map<String, String> environment,
      Interruption interruption) {
    Failures failures = new Failures(!environment.getOrDefault(TRACE, "").isEmpty());
    CommandLine command = commandLine(interruption);
    command.setCaseInsensitiveEnumValuesAllowed(true);
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

  /** The command line with all its commands, not yet told where to write. */
  static CommandLine commandLine(Interruption interruption) {
    return new CommandLine(new Commands(interruption));
  }

  Interruption interruption() {
    return interruption;
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
