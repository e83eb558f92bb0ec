package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.CheckpointReader;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.data.DataException;
import org.byol4j.spark.embed.BackboneModel;
import org.byol4j.spark.embed.EmbeddingRows;
import org.byol4j.spark.embed.Embeddings;
import org.byol4j.spark.embed.KnnFeatures;
import org.byol4j.train.RunObserver;
import org.byol4j.train.StopSignal;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Embeds JPEGs on a real Spark, by the backbone of a run of a few steps. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class EmbedTest {
  /** More than a file's rows, and no multiple of a batch. */
  private static final int IMAGES = 1100;

  @TempDir private static Path shared;
  private static Path images;
  private static SmallRun run;
  private static Checkpoint checkpoint;

  /** The features of all images, and what was said of them. */
  private static Path whole;

  private static Embeddings said;

  @TempDir Path folder;

  @BeforeAll
  static void trainABackboneAndEmbed() throws IOException {
    images = Photographs.draw(shared.resolve("photographs"), IMAGES);
    run = SmallRun.in(shared, "run", "data.workers=2");
    run.onThreads();
    checkpoint = CheckpointReader.open(run.out());
    whole = shared.resolve("whole");
    said = embed(images, whole);
  }

  @Test
  void featuresAreThoseOfTheKnnEvaluationToTheBit() throws IOException {
    List<EmbeddingRows.Row> rows = EmbeddingRows.of(whole);
    assertThat(said.images()).isEqualTo(IMAGES);
    assertThat(said.files()).isEqualTo(2);
    assertThat(rows)
        .extracting(EmbeddingRows.Row::id)
        .isEqualTo(IntStream.range(0, IMAGES).boxed().toList());
    assertThat(rows)
        .extracting(EmbeddingRows.Row::features)
        .isEqualTo(
            KnnFeatures.of(checkpoint, run.configuration(), images, folder.resolve("store")));
    assertThat(rows.get(0)).extracting("path", "label").containsExactly("0000.jpg", "");
    assertThat(rows.get(1)).extracting("path", "label").containsExactly("even/0002.jpg", "even");
    assertThat(whole.resolve("_ingest")).doesNotExist();
  }

  @Test
  void executorsMakeTheSameRowsOfArchiveTableAndDataSet() throws IOException {
    embed(SourceFiles.archive(folder, images), "from-archive");
    SmallRun.ingest(run.configuration(), images.toString(), folder.resolve("ingested"), 3);
    Configuration processes = run.with(BarrierLauncherTest.onOurClasses()).configuration();
    new ImageJobs(
            processes.cluster(), "local-cluster[2,1,1024]", new StopSignal(), RunObserver.NONE)
        .embed(
            checkpoint,
            BackboneModel.of(checkpoint, processes),
            folder.resolve("ingested").toString(),
            folder.resolve("from-data-set").toString());
    embed(SourceFiles.table(folder, images), "from-table");

    List<EmbeddingRows.Row> expected = EmbeddingRows.of(whole);
    assertThat(EmbeddingRows.of(folder.resolve("from-archive"))).isEqualTo(expected);
    assertThat(EmbeddingRows.of(folder.resolve("from-data-set"))).isEqualTo(expected);
    // in the table the one image without a folder has a label
    assertThat(EmbeddingRows.of(folder.resolve("from-table")))
        .hasSize(IMAGES)
        .endsWith(expected.subList(1, IMAGES).toArray(EmbeddingRows.Row[]::new));
  }

  @Test
  void embeddingGoesOnBehindTheFilesThatWereWritten() throws IOException {
    Embeddings first = embed(images, "out");
    Path out = folder.resolve("out");
    byte[] expected = Files.readAllBytes(out.resolve("features-00001.parquet"));
    FileTime old = FileTime.fromMillis(1_000_000_000L);
    Path kept = out.resolve("features-00000.parquet");
    Files.setLastModifiedTime(kept, old);
    Files.write(out.resolve("features-00001.parquet"), new byte[] {1, 2, 3});
    Files.delete(out.resolve(Embeddings.FILE_NAME));

    assertThat(embed(images, "out")).isEqualTo(first);
    assertThat(Files.getLastModifiedTime(kept)).isEqualTo(old);
    assertThat(out.resolve("features-00001.parquet")).hasBinaryContent(expected);

    // complete: nothing is read
    assertThat(embed(images, "out")).isEqualTo(first);
    assertThat(out.resolve("_ingest")).doesNotExist();
  }

  @Test
  void folderThatHoldsSomethingElseIsRefused() throws IOException {
    Path few = Photographs.draw(folder.resolve("few"), 5);
    embed(few, "out");
    Path out = folder.resolve("out");

    assertThatThrownBy(() -> embed(images, "out"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("holds other embeddings")
        .hasMessageContaining("images=5, expected")
        .hasMessageContaining("images=1100");
    assertThatThrownBy(() -> embed(few, "out", "knn.image-size=48"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("holds other embeddings");
    Files.delete(out.resolve(Embeddings.FILE_NAME));
    assertThatThrownBy(() -> embed(few, "out", "knn.image-size=48"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("features-00000.parquet holds other embeddings");
    Files.createFile(out.resolve("notes.txt"));
    assertThatThrownBy(() -> embed(few, "out"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("out holds notes.txt: expected an empty folder");
  }

  @Test
  void badImagesAreLeftOutUpToTheShareThatIsTolerated() throws IOException {
    Path few = Photographs.draw(folder.resolve("few"), 5);
    byte[] whole = Files.readAllBytes(few.resolve("odd/0003.jpg"));
    Files.write(few.resolve("odd/0003.jpg"), Arrays.copyOf(whole, whole.length / 2));

    assertThatThrownBy(() -> embed(few, "out"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("too many bad images")
        .hasMessageContaining("odd/0003.jpg (truncated)");
    Embeddings embeddings = embed(few, "out", "data.max-bad-fraction=0.2");

    assertThat(embeddings.bad()).isEqualTo(Map.of("truncated", 1));
    assertThat(EmbeddingRows.of(folder.resolve("out")))
        .extracting(EmbeddingRows.Row::path)
        .containsExactly("0000.jpg", "even/0002.jpg", "even/0004.jpg", "odd/0001.jpg");
    assertThat(folder.resolve("out/_bad-images.tsv")).hasContent("truncated\todd/0003.jpg\n");
  }

  @Test
  void stopEndsAnEmbedding() {
    StopSignal stop = new StopSignal();
    stop.request();
    ImageJobs jobs = new ImageJobs(run.configuration().cluster(), "", stop, RunObserver.NONE);
    BackboneModel model = BackboneModel.of(checkpoint, run.configuration());

    assertThatThrownBy(
            () ->
                jobs.embed(checkpoint, model, images.toString(), folder.resolve("out").toString()))
        .isInstanceOf(CancellationException.class);
    assertThat(folder.resolve("out").resolve(Embeddings.FILE_NAME)).doesNotExist();
  }

  private Embeddings embed(Path data, String out, String... assignments) {
    return embed(data, folder.resolve(out), assignments);
  }

  private static Embeddings embed(Path data, Path out, String... assignments) {
    List<Assignment> all =
        Stream.of(assignments).map(text -> new Assignment("--set", text)).toList();
    Configuration configuration =
        Configuration.ofText(checkpoint.manifest().identity().configuration(), "checkpoint", all);
    return new ImageJobs(configuration.cluster(), "", new StopSignal(), RunObserver.NONE)
        .embed(
            checkpoint,
            BackboneModel.of(checkpoint, configuration),
            data.toString(),
            out.toString())
        .embeddings();
  }
}
