package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.byol4j.image.Image;
import org.byol4j.image.ImageEncoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchAugmentCommandTest {
  @TempDir Path folder;

  @Test
  void measureEndsWithOneLineOfJson() throws IOException {
    byte[] rgb = new byte[40 * 50 * Image.CHANNELS];
    new Random(1).nextBytes(rgb);
    Path images = Files.createDirectory(folder.resolve("images"));
    Files.write(images.resolve("a.jpg"), ImageEncoder.jpeg(new Image(40, 50, rgb), 90));

    Ran ran = bench(images, "32", "torchvision");

    assertThat(ran.code()).as(ran.err()).isZero();
    JsonNode json = new ObjectMapper().readTree(ran.out().lines().reduce((a, b) -> b).orElse(""));
    assertThat(json.get("img_per_s").asDouble()).isPositive();
    assertThat(json.get("peak_rss_mb").asDouble()).isBetween(10.0, 100_000.0);
    assertThat(json.get("images").asLong()).isPositive();
  }

  @Test
  void missingImagesAreDataThatIsNamed() {
    Ran ran = bench(folder.resolve("none"), "32", "deepmind");

    assertThat(ran.code()).isEqualTo(65);
    assertThat(ran.err().lines()).singleElement().asString().contains(folder + "/none");
  }

  @Test
  void faultsOfOptionsAreNamedByThem() {
    Ran ran = bench(folder, "many", "plain");

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err())
        .contains("(--size); allowed", "(--style); allowed: deepmind, torchvision");
  }

  @Test
  void deviceThatMakesNoViewsIsRefused() {
    Ran ran = bench(folder, "32", "deepmind", "--device", "onednn");

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err()).contains("augment.on", "allowed: auto or cpu, or compute.device=cuda");
  }

  @Test
  void batchOfNoImagesIsRefused() {
    Ran ran = bench(folder, "32", "deepmind", "--batch", "0");

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err()).contains("--batch=0 is out of range; allowed: at least 1");
  }

  private static Ran bench(Path data, String size, String style, String... more) {
    List<String> arguments = new ArrayList<>();
    Collections.addAll(arguments, "bench", "augment", "--data", data.toString(), "--size", size);
    Collections.addAll(arguments, "--threads", "1", "--seconds", "0.2", "--style", style, "--json");
    Collections.addAll(arguments, more);
    return Ran.byol4j(arguments.toArray(new String[0]));
  }
}
