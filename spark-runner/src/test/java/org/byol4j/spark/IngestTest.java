package org.byol4j.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.byol4j.config.Assignment;
import org.byol4j.config.Configuration;
import org.byol4j.data.DataException;
import org.byol4j.data.ImageSource;
import org.byol4j.data.ImageStore;
import org.byol4j.data.StoreProgress;
import org.byol4j.spark.input.Dataset;
import org.byol4j.spark.input.Ingest;
import org.byol4j.train.ClusterSettings;
import org.byol4j.train.ResumeRefusedException;
import org.byol4j.train.RunObserver;
import org.byol4j.train.RunSummary;
import org.byol4j.train.StopSignal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Ingests on a real Spark and real files, and trains from what they wrote. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class IngestTest {
  private static final int SHARDS = 4;
  @TempDir Path folder;

  @Test
  void folderArchiveAndTableAreTheSameImages() throws IOException {
    SmallRun plain = SmallRun.in(folder, "plain", "cluster.replicas=2");
    Path images = plain.images();
    String hash = hashOf(images);

    Dataset fromFolder =
        SmallRun.ingest(
            plain.configuration(),
            images.toUri().toString(),
            folder.resolve("from-folder"),
            SHARDS);
    Dataset fromArchive = ingest(SourceFiles.archive(folder, images), "from-archive");
    Dataset fromTable = ingest(SourceFiles.table(folder, images), "from-table");

    assertThat(fromFolder.hash()).isEqualTo(hash);
    assertThat(fromArchive.hash()).isEqualTo(hash);
    assertThat(fromTable.hash()).isEqualTo(hash);
    assertThat(fromTable.classes())
        .isEqualTo(fromFolder.classes())
        .containsExactly("bright", "dark");
    for (int shard = 0; shard < SHARDS; shard++) {
      String file = "shard-%05d.parquet".formatted(shard);
      byte[] expected = Files.readAllBytes(folder.resolve("from-folder").resolve(file));
      assertThat(folder.resolve("from-archive").resolve(file)).hasBinaryContent(expected);
      assertThat(folder.resolve("from-table").resolve(file)).hasBinaryContent(expected);
    }
  }

  @Test
  void trainingFromAnIngestedSetHasTheBitsOfTrainingFromItsSource() throws IOException {
    SmallRun plain = SmallRun.in(folder, "plain", "cluster.replicas=2", "knn.every-epochs=1");
    ingest(plain.images(), "ingested");
    SmallRun ingested =
        new SmallRun(folder.resolve("ingested"), folder.resolve("run"), plain.assignments());
    SmallRun fromTable =
        new SmallRun(
            SourceFiles.table(folder, plain.images()),
            folder.resolve("run-table"),
            plain.assignments());

    plain.onThreads();
    RunSummary summary = ingested.onSpark();
    fromTable.onSpark();

    assertThat(summary.finished()).isTrue();
    assertThat(ingested.digest()).isEqualTo(plain.digest());
    assertThat(fromTable.digest()).isEqualTo(plain.digest());
    assertThat(ingested.onSpark().wasComplete()).isTrue();
  }

  @Test
  void executorsTakeTheirShardsEach() throws IOException {
    SmallRun plain = SmallRun.in(folder, "plain", "cluster.replicas=2");
    ingest(plain.images(), "ingested");
    SmallRun processes =
        new SmallRun(folder.resolve("ingested"), folder.resolve("run"), plain.assignments())
            .with(BarrierLauncherTest.onOurClasses());

    plain.onThreads();
    processes.onSpark("local-cluster[2,1,1024]", new StopSignal(), RunObserver.NONE);

    assertThat(processes.digest()).isEqualTo(plain.digest());
  }

  @Test
  void ingestThatFailsLeavesNothingWithSpark() throws IOException {
    Path images = SmallRun.in(folder, "unused").images();
    Files.writeString(images.resolve("dark/broken.png"), "no image");
    ClusterSettings cluster = new ClusterSettings("local[2]", 1, Map.of("ui.enabled", "false"));
    try (JavaSparkContext spark =
        new JavaSparkContext(SparkProperties.ofTasks("", cluster, new SparkConf(false), 2))) {
      Ingest ingest =
          new Ingest(spark, images.toString(), folder.resolve("out").toString(), 3, 1_000_000, 0);

      assertThatThrownBy(ingest::run).isInstanceOf(DataException.class);

      assertThat(spark.getPersistentRDDs()).isEmpty();
    }
  }

  @Test
  void ingestGoesOnWhereItWasStopped() throws IOException {
    Path images = SmallRun.in(folder, "unused").images();
    Files.writeString(images.resolve("dark/broken.png"), "no image");
    Path out = folder.resolve("ingested");
    assertThatThrownBy(() -> ingest(images, "ingested"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("bad=1 of=13")
        .hasMessageContaining("dark/broken.png (unknown format)");
    List<FileTime> checked = age(out.resolve("_ingest"));

    Dataset first = ingest(images, "ingested", "data.max-bad-fraction=0.1");
    assertThat(checked).isNotEmpty();
    assertThat(first.images()).isEqualTo(12);
    assertThat(first.bad()).isEqualTo(Map.of("unknown format", 1));
    assertThat(out.resolve("bad-images.tsv")).hasContent("unknown format\tdark/broken.png\n");
    assertThat(out.resolve("_ingest")).doesNotExist();

    Files.delete(out.resolve(Dataset.FILE_NAME));
    Files.delete(out.resolve("shard-00002.parquet"));
    Path cut = out.resolve("shard-00003.parquet");
    Files.write(cut, new byte[] {1, 2, 3});
    Path kept = out.resolve("shard-00001.parquet");
    FileTime old = FileTime.fromMillis(1_000_000_000L);
    Files.setLastModifiedTime(kept, old);
    Dataset second = ingest(images, "ingested", "data.max-bad-fraction=0.1");

    assertThat(second).isEqualTo(first);
    assertThat(Files.getLastModifiedTime(kept)).isEqualTo(old);
    assertThat(cut).isRegularFile();
    assertThat(ingest(images, "ingested", "data.max-bad-fraction=0.1")).isEqualTo(first);
  }

  @Test
  void verdictsOfAStoppedIngestAreKept() throws IOException {
    Path images = SmallRun.in(folder, "unused").images();
    Files.writeString(images.resolve("dark/broken.png"), "no image");
    assertThatThrownBy(() -> ingest(images, "ingested")).isInstanceOf(DataException.class);
    Path work = folder.resolve("ingested/_ingest");
    List<FileTime> before = age(work);

    assertThatThrownBy(() -> ingest(images, "ingested")).isInstanceOf(DataException.class);

    assertThat(times(work)).isEqualTo(before);
  }

  @Test
  void otherImagesInTheFolderAreRefused() throws IOException {
    Path images = SmallRun.in(folder, "unused").images();
    ingest(images, "ingested");

    assertThatThrownBy(() -> ingest(images.resolve("dark"), "ingested"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("ingested holds other images");
  }

  @Test
  void runIsNotContinuedWithAnotherTableOrSetAndItsFolderStaysAsItIs() throws IOException {
    SmallRun run = SmallRun.in(folder, "run");
    run.onSpark();
    Path dark = run.images().resolve("dark");
    ingest(dark, "ingested");
    Map<String, String> before = contents(run.out());

    for (Path other : List.of(SourceFiles.table(folder, dark), folder.resolve("ingested"))) {
      assertThatThrownBy(() -> new SmallRun(other, run.out(), run.assignments()).onSpark())
          .isInstanceOf(ResumeRefusedException.class)
          .hasMessageContaining("images: source=%s images=12 sha256=".formatted(run.images()))
          .hasMessageContaining("-> source=%s images=6 sha256=".formatted(other));
      assertThat(contents(run.out())).isEqualTo(before);
    }
  }

  /** What each file holds, and every folder, by path. */
  private static Map<String, String> contents(Path folder) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.toList()) {
        contents.put(
            folder.relativize(path).toString(),
            Files.isDirectory(path) ? "" : Arrays.toString(Files.readAllBytes(path)));
      }
    }
    return contents;
  }

  @Test
  void folderThatHoldsWhatNoIngestWritesIsRefusedAndLeftAsItIs() throws IOException {
    Path images = SmallRun.in(folder, "unused").images();
    Path out = Files.createDirectories(folder.resolve("run"));
    Files.createDirectory(out.resolve("checkpoints"));

    assertThatThrownBy(() -> ingest(images, "run"))
        .isInstanceOf(DataException.class)
        .hasMessageEndingWith(
            "run holds checkpoints: expected an empty folder, or one that ingest has begun");
    try (Stream<Path> files = Files.list(out)) {
      assertThat(files).containsExactly(out.resolve("checkpoints"));
    }
  }

  @Test
  void completeSetIsTakenWhateverSomebodyHasPutBesideIt() throws IOException {
    Path images = SmallRun.in(folder, "unused").images();
    Dataset first = ingest(images, "ingested");
    Files.writeString(folder.resolve("ingested/README.md"), "ours");

    assertThat(ingest(images, "ingested")).isEqualTo(first);
  }

  @Test
  void shardsThatTheBatchDoesNotAllowAreRefusedWithThoseItDoes() throws IOException {
    SmallRun plain = SmallRun.in(folder, "plain");
    plain.ingestTo(folder.resolve("three"), 3);

    assertThatThrownBy(
            () ->
                new SmallRun(folder.resolve("three"), folder.resolve("run"), plain.assignments())
                    .onSpark())
        .isInstanceOf(DataException.class)
        .hasMessageContaining("shards=3, which does not divide train.batch-size=4")
        .hasMessageEndingWith("allowed: [1, 2, 4]");
  }

  @Test
  void rowGroupsHoldTheBytesAsTheyWere() throws IOException {
    Path images = SmallRun.in(folder, "unused").images();
    ingest(images, "ingested");
    Path file = folder.resolve("ingested/shard-00000.parquet");
    try (ParquetFileReader reader =
        ParquetFileReader.open(
            HadoopInputFile.fromPath(
                new org.apache.hadoop.fs.Path(file.toUri()),
                new org.apache.hadoop.conf.Configuration()))) {
      assertThat(reader.getRecordCount()).isEqualTo(3);
      assertThat(reader.getFileMetaData().getSchema().getFieldCount()).isEqualTo(4);
    }
    byte[] first = Files.readAllBytes(images.resolve("bright/1.png"));
    assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
        .contains(new String(first, StandardCharsets.ISO_8859_1));
  }

  @Test
  void archiveThatIsCutShortIsToldAsWhatItIs() throws IOException {
    Path archive = SourceFiles.archive(folder, SmallRun.in(folder, "unused").images());
    byte[] whole = Files.readAllBytes(archive);
    Files.write(archive, Arrays.copyOf(whole, whole.length / 2));

    assertThatThrownBy(() -> ingest(archive, "ingested"))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("broken archive: path=file:" + archive);
  }

  @Test
  void shardOfOtherBytesIsNotTrainedOn() throws IOException {
    SmallRun plain = SmallRun.in(folder, "plain").withImagesOfItsOwn();
    ingest(plain.images(), "ingested");
    Path shard = folder.resolve("ingested/shard-00001.parquet");
    byte[] bytes = Files.readAllBytes(shard);
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    // the first image's pixels; the checksums of Hadoop's local file system would tell as well
    bytes[text.indexOf("IDAT") + 20] ^= 1;
    Files.write(shard, bytes);
    Files.delete(folder.resolve("ingested/.shard-00001.parquet.crc"));

    assertThatThrownBy(
            () ->
                new SmallRun(folder.resolve("ingested"), folder.resolve("run"), List.of())
                    .onSpark())
        .isInstanceOf(DataException.class)
        .hasMessageContaining("shard-00001.parquet: damaged, sha256 of its rows=");
  }

  @Test
  void stopEndsAnIngest() {
    Path images = SmallRun.in(folder, "unused").images();
    StopSignal stop = new StopSignal();
    stop.request();
    Configuration configuration = Configuration.ofDefaults(List.of());
    ImageJobs jobs = new ImageJobs(configuration.cluster(), "", stop, RunObserver.NONE);

    assertThatThrownBy(
            () ->
                jobs.ingest(
                    configuration.data(),
                    images.toString(),
                    folder.resolve("out").toString(),
                    SHARDS))
        .isInstanceOf(CancellationException.class);
    assertThat(folder.resolve("out").resolve(Dataset.FILE_NAME)).doesNotExist();
  }

  @Test
  void allPlacesOfImagesAreTheSameStoreHere() throws IOException {
    SmallRun plain = SmallRun.in(folder, "plain");
    Path images = plain.images();
    ingest(images, "ingested");
    Configuration configuration = plain.with(HeldFileSystem.key()).configuration();
    ImagesHere here =
        new ImagesHere(configuration, new StopSignal(), RunObserver.NONE, StoreProgress.NONE);

    List<ImageStore> stores = new ArrayList<>();
    for (Path place :
        List.of(
            images,
            SourceFiles.archive(folder, images),
            SourceFiles.table(folder, images),
            folder.resolve("ingested"),
            HeldFileSystem.place(folder.resolve("ingested")),
            HeldFileSystem.place(images))) {
      stores.add(here.store(place.toString(), folder.resolve("here-" + stores.size())));
    }

    for (ImageStore store : stores) {
      assertThat(store.manifest().hash()).isEqualTo(stores.get(0).manifest().hash());
      assertThat(store.manifest().classes()).containsExactly("bright", "dark");
      for (int id = 0; id < store.size(); id++) {
        assertThat(store.name(id)).isEqualTo(stores.get(0).name(id));
        assertThat(store.label(id)).isEqualTo(stores.get(0).label(id));
        assertThat(store.reader().read(id)).isEqualTo(stores.get(0).reader().read(id));
      }
    }
  }

  private Dataset ingest(Path data, String out, String... assignments) {
    List<Assignment> all =
        Stream.of(assignments).map(text -> new Assignment("--set", text)).toList();
    return SmallRun.ingest(
        Configuration.ofDefaults(all), data.toString(), folder.resolve(out), SHARDS);
  }

  private String hashOf(Path images) {
    SmallRun run = SmallRun.in(folder, "plain");
    return ImageStore.open(
            ImageSource.at(images),
            folder.resolve("store"),
            run.configuration().data(),
            StoreProgress.NONE)
        .manifest()
        .hash();
  }

  private static List<FileTime> age(Path work) throws IOException {
    try (Stream<Path> files = Files.list(work)) {
      for (Path file : files.toList()) {
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000L));
      }
    }
    return times(work);
  }

  private static List<FileTime> times(Path work) throws IOException {
    try (Stream<Path> files = Files.list(work)) {
      return files.sorted().map(IngestTest::time).toList();
    }
  }

  private static FileTime time(Path file) {
    try {
      return Files.getLastModifiedTime(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
