package org.byol4j.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;

/** A command that ran in this JVM: its exit code, and what it wrote. */
record Ran(int code, String out, String err) {

  static Ran byol4j(String... arguments) {
    return byol4j(Map.of(), arguments);
  }

  static Ran byol4j(Map<String, String> environment, String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Commands.run(
            arguments,
            new PrintWriter(out),
            new PrintWriter(err),
            environment,
            Interruption.never());
    return new Ran(code, out.toString(), err.toString());
  }
}
