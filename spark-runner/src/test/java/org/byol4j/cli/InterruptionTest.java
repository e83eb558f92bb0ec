package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.byol4j.train.StopSignal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which exit code a command has that was asked to stop by a real signal. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class InterruptionTest {

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void signalIsTheExitCodeOnlyOfWhatItEnded(String signal, int number) throws Exception {
    assumeThat(isIgnored(number - 128)).as("the tests run without SIG%s", signal).isFalse();
    Interruption interruption = Interruption.ofThisProcess();
    StopSignal stop = interruption.obey(SignalNotice.of("then nothing"));
    assertThat(interruption.exitCode(0)).isZero();

    long self = ProcessHandle.current().pid();
    new ProcessBuilder("kill", "-" + signal, Long.toString(self)).inheritIO().start().waitFor();
    while (!stop.isRequested()) {
      Thread.onSpinWait();
    }

    assertThat(interruption.exitCode(ExitCode.DONE.number())).isEqualTo(number);
    assertThat(interruption.exitCode(ExitCode.STOPPED.number())).isEqualTo(number);
    for (ExitCode own :
        new ExitCode[] {ExitCode.USAGE, ExitCode.DATA, ExitCode.INTERNAL, ExitCode.RETRY}) {
      assertThat(interruption.exitCode(own.number())).isEqualTo(own.number());
    }
  }

  @ParameterizedTest
  @CsvSource({"INT, 130", "TERM, 143"})
  void firstSignalSaysWhatASecondDoesAndThatSaysWhatItDid(String signal, int number)
      throws Exception {
    assumeThat(isIgnored(number - 128)).as("the tests run without SIG%s", signal).isFalse();
    String classPath = System.getProperty("java.class.path");
    List<String> command = new ArrayList<>(List.of(Child.java()));
    command.addAll(List.of("-cp", classPath, ObeyingProgram.class.getName()));
    try (Child child = Child.of(Map.of(), command)) {
      child.awaitLine("ready"::equals);
      child.signal(signal);
      child.awaitLine("stopping; a second signal ends at once; then nothing"::equals);
      // the first handler may not have returned yet: then this one finds the JVM's own
      child.signal(signal);
      assertThat(child.exitCode()).as(child.output()).isEqualTo(number);
      assertThat(child.output().lines().toList())
          .endsWith("ended at once by a second signal; then nothing");
    }
  }

  /** As a shell has it for what it runs in the background. */
  private static boolean isIgnored(int number) throws IOException {
    String line =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(text -> text.startsWith("SigIgn:"))
            .findFirst()
            .orElseThrow();
    long mask = Long.parseUnsignedLong(line.substring(line.indexOf(':') + 1).strip(), 16);
    return (mask >> (number - 1) & 1) == 1;
  }

  @Test
  void commandThatNobodyInterruptsKeepsItsExitCode() {
    assertThat(Interruption.never().exitCode(ExitCode.STOPPED.number())).isEqualTo(143);
  }
}
