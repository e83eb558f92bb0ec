package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IngestCommandTest {
  @TempDir Path folder;

  @Test
  void whatWasIngestedIsToldAndIsThereTheNextTime() {
    String images = TinyTraining.drawImages(folder.resolve("images")).toString();

    Ran first = ingest(images, "--shards", "3");
    Ran second = ingest(images, "--shards", "3");

    assertThat(first.code()).as(first.err()).isZero();
    assertThat(first.out()).startsWith("12 images in 3 shards, 0 bad; hash ");
    assertThat(second.out()).isEqualTo(first.out());
    assertThat(ingest(images, "--shards", "4").code()).as("other shards").isEqualTo(65);
  }

  @Test
  void moreShardsThanImagesAreRefused() {
    Ran ran = ingest(TinyTraining.drawImages(folder.resolve("images")).toString());

    assertThat(ran.code()).isEqualTo(65);
    assertThat(ran.err()).contains("images=12 shards=64; expected at least one for each shard");
  }

  @Test
  void missingImagesAreDataAndWrongShardsAreUsage() {
    Ran missing = ingest("/no/such");
    assertThat(missing.code()).isEqualTo(65);
    assertThat(missing.err()).contains("no such file or folder: path=file:/no/such");

    Ran wrong = ingest("/no/such", "--shards", "0");
    assertThat(wrong.code()).isEqualTo(64);
    assertThat(wrong.err()).contains("--shards");
  }

  @Test
  void placesThatCanNeverBeAreUsageBeforeAnythingRuns() throws IOException {
    Files.writeString(folder.resolve("out"), "a file");
    Ran file = ingest("/no/such");
    assertThat(file.code()).isEqualTo(64);
    assertThat(file.err())
        .isEqualTo("byol4j: --out=%s/out is a file, expected a folder\n".formatted(folder));

    Ran nowhere = ingest("foo://a/b");
    assertThat(nowhere.code()).isEqualTo(64);
    assertThat(nowhere.err()).startsWith("byol4j: --data=foo://a/b: no file system has the scheme");
  }

  private Ran ingest(String data, String... more) {
    String[] words = {"ingest", "--data", data, "--out", folder.resolve("out").toString()};
    String[] all = java.util.Arrays.copyOf(words, words.length + more.length);
    System.arraycopy(more, 0, all, words.length, more.length);
    return Ran.byol4j(all);
  }
}
