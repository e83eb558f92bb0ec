package org.byol4j.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code bench}: how fast the parts of a training are. */
@Command(
    name = "bench",
    description = "Measures how fast parts of a training are.",
    subcommands = {BenchStepCommand.class, BenchAugmentCommand.class, BenchAllReduceCommand.class})
final class BenchCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "expected one of " + String.join(", ", spec.commandLine().getSubcommands().keySet()));
  }
}
