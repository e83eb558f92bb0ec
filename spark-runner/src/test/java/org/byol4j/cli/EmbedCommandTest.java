package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.byol4j.spark.embed.EmbeddingRows;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbedCommandTest {
  @TempDir private static Path shared;
  private static Path images;
  private static Path run;

  @TempDir Path folder;

  @BeforeAll
  static void train() {
    images = TinyTraining.drawImages(shared.resolve("images"));
    run = shared.resolve("run");
    Ran trained = Ran.byol4j(TinyTraining.words(images.toString(), run.toString(), 1));
    assertThat(trained.code()).as(trained.err()).isZero();
  }

  @Test
  void featuresAreWrittenAndTold() throws IOException {
    Ran ran = embed("--json");

    assertThat(ran.code()).as(ran.err()).isZero();
    assertThat(ran.out())
        .startsWith("12 images in 1 files, 64 features each, of step 3; 0 bad\n")
        .contains("\"images\":12", "\"features\":64", "\"step\":3");
    assertThat(EmbeddingRows.of(folder.resolve("out"))).hasSize(12);
    assertThat(embed("--json").out())
        .as("the next time")
        .isEqualTo("already complete: " + ran.out());
  }

  @Test
  void settingsThatAreTheCheckpointsOwnAreUsage() {
    Ran ran = embed("--set", "network.width=1");

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err()).contains("--set network.width=1: features are those of the checkpoint");
  }

  @Test
  void folderOfOthersIsData() {
    Ran ran =
        Ran.byol4j(
            "embed",
            "--checkpoint",
            run.toString(),
            "--data",
            images.toString(),
            "--out",
            images.toString());

    assertThat(ran.code()).isEqualTo(65);
    assertThat(ran.err()).contains("expected an empty folder, or one that embed has begun");
  }

  private Ran embed(String... more) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "embed",
                "--checkpoint",
                run.toString(),
                "--data",
                images.toString(),
                "--out",
                folder.resolve("out").toString()));
    words.addAll(List.of(more));
    return Ran.byol4j(words.toArray(String[]::new));
  }
}
