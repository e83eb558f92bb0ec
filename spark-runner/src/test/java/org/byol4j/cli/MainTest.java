package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What holds for all commands. */
class MainTest {

  @Test
  void noCommandIsAFaultOfUsage() {
    Ran ran = Ran.byol4j();

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).isEqualTo("byol4j: a command is missing\ntry: byol4j --help\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"no-such-command", "--no-such-option"})
  void unknownWordIsAFaultOfUsageThatNamesIt(String word) {
    Ran ran = Ran.byol4j(word);

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err()).contains(word, "try: byol4j --help");
  }

  @Test
  void versionGoesToStandardOutput() {
    Ran ran = Ran.byol4j("--version");

    assertThat(ran.code()).isZero();
    assertThat(ran.out()).startsWith("byol4j ");
    assertThat(ran.err()).isEmpty();
  }

  @Test
  void everyCommandHasHelpThatSaysWhatItDoes() {
    assertHelp(Main.commandLine(Interruption.never()));
  }

  private static void assertHelp(CommandLine command) {
    List<String> words = new ArrayList<>(List.of("--help"));
    for (CommandLine c = command; c.getParent() != null; c = c.getParent()) {
      words.add(0, c.getCommandName());
    }

    Ran ran = Ran.byol4j(words.toArray(String[]::new));

    assertThat(ran.code()).isZero();
    assertThat(ran.out()).startsWith("Usage: " + command.getCommandSpec().qualifiedName(" "));
    assertThat(command.getCommandSpec().usageMessage().description()).isNotEmpty();
    command.getSubcommands().values().forEach(MainTest::assertHelp);
  }
}
