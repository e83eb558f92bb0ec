package org.byol4j.cli;

import java.io.PrintWriter;
import java.util.Map;
import picocli.CommandLine.Option;

/** The option {@code --json} of commands whose results programs read, too. */
final class JsonOption {

  @Option(names = "--json", description = "Ends standard output with one line of JSON.")
  private boolean json;

  /** Ends what a command prints: with {@code values}, in their order, if they were asked for. */
  void end(PrintWriter out, Map<String, ?> values) {
    if (json) {
      out.println(Json.line(values));
    }
    out.flush();
  }
}
