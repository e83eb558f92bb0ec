package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.byol4j.image.Image;
import org.byol4j.image.ImageEncoder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** 200,000 files, and a driver with 1 GB: about five minutes and 2 GB of disk. */
@Tag("trial")
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class LargeIngestTest {
  private static final int FOLDERS = 200;
  private static final int FILES = 1000;
  private static final int SIZE = 16;
  private static final String HEAP = "-Xmx1g";
  private static final long LIVE_MIB = 600;

  /** What is live after a collection, in the JVM's log of them. */
  private static final Pattern AFTER = Pattern.compile("->(\\d+)M\\(");

  @TempDir Path folder;

  @Test
  void filesDoNotSitInTheDriversMemory() throws Exception {
    Path images = drawImages();
    String ingested = folder.resolve("ingested").toString();

    long start = System.nanoTime();
    try (Child ingest =
        Child.byol4j(
            List.of(),
            driver("ingest"),
            "ingest",
            "--data",
            images.toString(),
            "--out",
            ingested)) {
      assertThat(ingest.exitCode()).as(ingest.output()).isZero();
      assertThat(ingest.output()).contains("200000 images in 64 shards, 0 bad");
    }
    report("ingest", start);
    JsonNode dataset =
        new ObjectMapper().readTree(folder.resolve("ingested/dataset.json").toFile());
    assertThat(dataset.get("images").asInt()).isEqualTo(FOLDERS * FILES);
    assertThat(dataset.get("classes")).hasSize(FOLDERS);

    Path out = folder.resolve("run");
    start = System.nanoTime();
    String[] batchOf512 = {"--set", "train.batch-size=512", "--set", "augment.size=16"};
    String[] train = TinyTraining.words(ingested, out.toString(), 1, batchOf512);
    try (Child run = Child.byol4j(List.of(), driver("train"), train)) {
      run.awaitThat(() -> steps(out) >= 20);
      run.signal("TERM");
      assertThat(run.exitCode()).as(run.output()).isEqualTo(143);
    }
    report("train", start);

    assertThat(liveMiB("ingest")).as("MiB live after a collection").isLessThan(LIVE_MIB);
    assertThat(liveMiB("train")).as("MiB live after a collection").isLessThan(LIVE_MIB);
  }

  private List<String> driver(String name) {
    return List.of(HEAP, "-Xlog:gc:file=" + logOf(name));
  }

  private Path logOf(String name) {
    return folder.resolve(name + "-gc.log");
  }

  private long liveMiB(String name) throws IOException {
    return AFTER
        .matcher(Files.readString(logOf(name)))
        .results()
        .map(MatchResult::group)
        .mapToLong(text -> Long.parseLong(text.replaceAll("\\D", "")))
        .max()
        .orElse(0);
  }

  private void report(String name, long start) throws IOException {
    System.out.printf(
        "%s: images=%d heapMiB=1024 liveMiB=%d seconds=%.0f%n",
        name, FOLDERS * FILES, liveMiB(name), (System.nanoTime() - start) / 1e9);
  }

  private static long steps(Path out) throws IOException {
    Path metrics = out.resolve("metrics.jsonl");
    return Files.exists(metrics) ? Files.readAllLines(metrics).size() : 0;
  }

  /** JPEGs of about 700 bytes, each with pixels of its own. */
  private Path drawImages() throws IOException {
    Path images = folder.resolve("images");
    Random random = new Random(5);
    byte[] rgb = new byte[SIZE * SIZE * Image.CHANNELS];
    random.nextBytes(rgb);
    for (int i = 0; i < FOLDERS; i++) {
      Path kind = Files.createDirectories(images.resolve("class-%03d".formatted(i)));
      for (int j = 0; j < FILES; j++) {
        rgb[random.nextInt(rgb.length)] ^= 64;
        byte[] jpeg = ImageEncoder.jpeg(new Image(SIZE, SIZE, rgb), 90);
        Files.write(kind.resolve("%04d.jpg".formatted(j)), jpeg);
      }
    }
    return images;
  }
}
