package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigCommandTest {
  private static final String PRESET = Path.of("..", "conf", "cifar10-resnet18.conf").toString();

  @TempDir Path folder;

  @Test
  void printShowsValuesAndWhereTheyComeFrom() {
    Ran ran = Ran.byol4j("config", "print", "--conf", PRESET, "--set", "train.seed=7");

    assertThat(ran.code()).isZero();
    assertThat(ran.err()).isEmpty();
    assertThat(ran.out().lines())
        .anyMatch(line -> line.matches("train.seed = 7 +# --set"))
        .anyMatch(line -> line.matches("train.batch-size = 256 +# .*cifar10-resnet18.conf: \\d+"))
        .anyMatch(line -> line.matches("data.shards = 64 +# auto, reference.conf: \\d+"))
        .anyMatch(line -> line.matches("knn.k = 200 +# reference.conf: \\d+"));
  }

  @Test
  void whatPrintShowsIsAConfigurationOfTheSameMeaning() throws IOException {
    Path printed = folder.resolve("printed.conf");
    Files.writeString(printed, Ran.byol4j("config", "print", "--conf", PRESET).out());

    assertThat(Ran.byol4j("config", "check", "--conf", printed.toString()).out())
        .isEqualTo(Ran.byol4j("config", "check", "--conf", PRESET).out());
  }

  @Test
  void checkSaysThatThereIsNoFault() {
    Ran ran = Ran.byol4j("config", "check", "--conf", PRESET);

    assertThat(ran.code()).isZero();
    assertThat(ran.out()).matches("no fault in \\d+ keys, sha256 [0-9a-f]{64}\n");
  }

  @Test
  void checkTellsEveryFaultOnALineOfItsOwn() {
    Ran ran =
        Ran.byol4j(
            "config", "check", "--conf", PRESET, "--set", "train.epoch=1", "--set=heads.hidden=0");

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err().lines())
        .containsExactly(
            "byol4j: train.epoch=1 is not a key; the nearest is train.epochs (--set)",
            "byol4j: heads.hidden=0 is out of range (--set);"
                + " allowed: an integer from 1 to 1000000");
  }

  @Test
  void missingFileIsAFaultOfUsage() {
    Ran ran = Ran.byol4j("config", "check", "--conf", folder.resolve("none.conf").toString());

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err()).contains("none.conf does not exist");
  }

  @Test
  void configNeedsToKnowWhatToDo() {
    assertThat(Ran.byol4j("config").code()).isEqualTo(64);
    assertThat(Ran.byol4j("config", "print").code()).isEqualTo(64);
  }
}
