package org.byol4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.byol4j.image.Image;
import org.byol4j.image.ImageEncoder;
import org.byol4j.train.RunSummary;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code train}, and what may be done with its run, on a few small images of two classes. */
class TrainCommandTest {
  private static final String PRESET = Path.of("..", "conf", "cifar10-small.conf").toString();

  @TempDir static Path folder;
  private static Path images;

  @BeforeAll
  static void drawImages() throws IOException {
    images = folder.resolve("images");
    Random random = new Random(3);
    for (int i = 0; i < 12; i++) {
      Path kind = Files.createDirectories(images.resolve(i % 2 == 0 ? "dark" : "bright"));
      byte[] rgb = new byte[16 * 16 * Image.CHANNELS];
      for (int p = 0; p < rgb.length; p++) {
        rgb[p] = (byte) (random.nextInt(100) + (i % 2 == 0 ? 0 : 150));
      }
      Files.write(kind.resolve(i + ".png"), ImageEncoder.png(new Image(16, 16, rgb)));
    }
  }

  @Test
  void partOfARunWithoutAStepHasNeitherLossNorSpeed() {
    RunSummary complete = new RunSummary(6, true, Double.NaN, 0, 2, "run/step-6");
    RunSummary stopped = new RunSummary(4, false, Double.NaN, 0, 2, "run/step-4");

    assertThat(TrainCommand.lineOf(complete))
        .isEqualTo("already complete after 6 steps; checkpoint run/step-6");
    assertThat(TrainCommand.lineOf(stopped))
        .isEqualTo("stopped after 4 steps, before another one; checkpoint run/step-4");
  }

  @Test
  void runCanBeDigestedComparedAndEvaluated() throws IOException {
    Path out = folder.resolve("run");
    Ran trained = train(out);

    assertThat(trained.code()).as(trained.err()).isZero();
    assertThat(trained.out()).startsWith("done after 6 steps: loss ");
    assertThat(Files.readAllLines(out.resolve("metrics.jsonl"))).hasSize(6);
    assertThat(Ran.byol4j("weights-digest", out.toString()).out().lines()).hasSize(4);
    assertThat(Ran.byol4j("weights-diff", out.toString(), out.toString()).out())
        .startsWith("whole ")
        .contains(" 0.000000e+00 ");
    for (String features : List.of("trained", "untrained", "pixels")) {
      Ran ran = knn(out, images, "--features", features, "--json");
      assertThat(ran.code()).as(ran.err()).isZero();
      assertThat(ran.err()).contains("note: k=12");
      JsonNode json = json(ran);
      assertThat(json.get("n_train").asInt()).isEqualTo(12);
      assertThat(json.get("n_test").asInt()).isEqualTo(12);
      assertThat(json.get("top5").asDouble()).isEqualTo(1);
      assertThat(json.get("top1").asDouble()).isBetween(0.0, 1.0);
    }
    assertThat(json(knn(out, images, "--features", "pixels", "--k", "1", "--json")).get("top1"))
        .as("every image is its own neighbour")
        .hasToString("1.0");
  }

  @Test
  void evaluationTakesWhatIngestWroteAsWellAsItsSource() throws IOException {
    Path out = folder.resolve("evaluated");
    train(out);
    Path ingested = folder.resolve("ingested");
    Ran ingest =
        Ran.byol4j(
            "ingest", "--data", images.toString(), "--out", ingested.toString(), "--shards", "2");
    assertThat(ingest.code()).as(ingest.err()).isZero();

    assertThat(json(knn(out, ingested, "--k", "3", "--json")))
        .isEqualTo(json(knn(out, images, "--k", "3", "--json")));
  }

  @Test
  void imagesWithoutClassesCannotBeEvaluated() {
    Path out = folder.resolve("classless");
    train(out);

    Ran ran = knn(out, images.resolve("dark"));

    assertThat(ran.code()).isEqualTo(65);
    assertThat(ran.err().lines())
        .singleElement()
        .asString()
        .startsWith("byol4j: no classes: path=" + images.resolve("dark"));
  }

  @Test
  void finishedRunHasNothingLeftToDo() {
    Path out = folder.resolve("twice");
    train(out);
    String digest = Ran.byol4j("weights-digest", out.toString()).out();

    assertThat(train(out, "--set", "checkpoint.keep-last=1").code()).isZero();
    assertThat(Ran.byol4j("weights-digest", out.toString()).out()).isEqualTo(digest);
  }

  @Test
  void runOfAnotherConfigurationIsRefusedWithWhatDiffers() {
    Path out = folder.resolve("refused");
    train(out);

    Ran changed = train(out, "--set", "heads.hidden=9");
    assertThat(changed.code()).isEqualTo(64);
    assertThat(changed.err()).contains("heads.hidden: 8 -> 9");
    assertThat(train(out, "--resume", "never").code()).isEqualTo(64);
  }

  @Test
  void replicasStandForTheirKey() {
    Ran ran = train(folder.resolve("replicas"), "--replicas", "5");

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err()).contains("cluster.replicas=5 is above data.shards=4 (--replicas");
  }

  @Test
  void masterThatSparkDoesNotHaveIsRefusedBeforeAnythingIsReadOrMade() {
    Ran ran =
        Ran.byol4j(
            "train",
            "--conf",
            PRESET,
            "--data",
            "/no/such",
            "--out",
            folder + "/unmade",
            "--master",
            "foo");

    assertThat(ran.code()).isEqualTo(64);
    assertThat(ran.err().lines())
        .singleElement()
        .asString()
        .startsWith("byol4j: --master=foo: expected local[N], ");
    assertThat(folder.resolve("unmade")).doesNotExist();
  }

  @Test
  void missingImagesAreDataThatIsNamed() {
    Ran ran =
        Ran.byol4j("train", "--conf", PRESET, "--data", "/no/such", "--out", folder + "/none");
    assertThat(ran.code()).isEqualTo(65);
    assertThat(ran.err()).contains("/no/such");
    Ran knn = knn(folder.resolve("nothing"), images);
    assertThat(knn.code()).isEqualTo(65);
    assertThat(knn.err()).contains(folder + "/nothing");
  }

  private static JsonNode json(Ran ran) throws IOException {
    return new ObjectMapper().readTree(ran.out().lines().reduce((a, b) -> b).orElse(""));
  }

  private static Ran knn(Path run, Path train, String... more) {
    List<String> words = new ArrayList<>(List.of("knn", "--checkpoint", run.toString()));
    words.addAll(List.of("--train", train.toString(), "--test", train.toString()));
    words.addAll(List.of(more));
    return Ran.byol4j(words.toArray(String[]::new));
  }

  private static Ran train(Path out, String... more) {
    List<String> words = new ArrayList<>(List.of("train", "--conf", PRESET));
    words.addAll(List.of("--data", images.toString(), "--out", out.toString()));
    words.addAll(TinyTraining.settings(2));
    words.addAll(List.of(more));
    return Ran.byol4j(words.toArray(String[]::new));
  }
}
