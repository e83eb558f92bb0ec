package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

  @ParameterizedTest
  @CsvSource({"trian, train", "wheights-digest, weights-digest", "doctor --replica, --replicas"})
  void misspeltWordGetsTheOneThatIsMeant(String words, String meant) {
    Ran ran = Ran.byol4j(words.split(" "));

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err().lines().toList().subList(1, 2).toString()).contains(meant);
  }

  @Test
  void olderJavaIsToldWhichIsNeeded() {
    assertThat(Main.faultOf("1.8"))
        .isEqualTo("this program needs Java 17 or later: java.specification.version=1.8");
    assertThat(Main.faultOf("11")).isNotEmpty();
    assertThat(Main.faultOf("17")).isEmpty();
    assertThat(Main.faultOf("21")).isEmpty();
  }

  @Test
  void anyJavaCanLoadTheMainClass() throws IOException {
    try (InputStream main = Main.class.getResourceAsStream("Main.class")) {
      byte[] start = main.readNBytes(8);
      assertThat(start[7])
          .as("version of the class file; 52 is that of Java 8")
          .isEqualTo((byte) 52);
    }
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
    assertHelp(Commands.commandLine(Interruption.never()));
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
