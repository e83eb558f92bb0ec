package org.byol4j.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.augment.AugmentSettings.Crop;
import org.byol4j.augment.AugmentSettings.Style;
import org.byol4j.augment.AugmentSettings.ViewRecipe;
import org.byol4j.augment.ViewMaker;
import org.byol4j.image.Image;
import org.byol4j.image.ImageDecoder;
import org.byol4j.image.ImageException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class BatchLoaderTest {
  private static final ViewRecipe RECIPE =
      new ViewRecipe(0.5, 0.8, 0.4, 0.4, 0.2, 0.1, 0.2, 1, 0.1, 2, 0.1, 0.5);
  static final AugmentSettings AUGMENT =
      new AugmentSettings(
          Style.DEEPMIND,
          16,
          new Crop(0.08, 1, 0.75, 4.0 / 3),
          RECIPE,
          RECIPE,
          List.of(0.5, 0.4, 0.3),
          List.of(0.2, 0.3, 0.4),
          AugmentSettings.Place.AUTO);
  private static final int IMAGES = 53;
  private static final ShardPlan PLAN = new ShardPlan(IMAGES, 6, 12, 2, 99);

  @TempDir static Path temp;
  private static ImageStore store;

  @BeforeAll
  static void buildStore() {
    store = storeOf(temp.resolve("data"), temp.resolve("store"));
  }

  private static ImageStore storeOf(Path data, Path folder) {
    return ImageStore.open(
        ImageSource.at(TestImages.folder(data, TestImages.set(IMAGES))),
        folder,
        TestImages.SETTINGS,
        StoreProgress.NONE,
        20_000);
  }

  private static BatchLoader loader(int workers, int rank, int size, long start, long end) {
    DataSettings settings = new DataSettings(6, 0, 1_000_000, workers, 2);
    return new BatchLoader(store, settings, AUGMENT, PLAN, rank, size, start, end);
  }

  /** A row of a batch, whole. */
  private record Row(long step, int microBatch, int id, List<Float> view1, List<Float> view2) {}

  private static List<Row> rows(Batch batch) {
    List<Row> rows = new ArrayList<>();
    int length = AUGMENT.size() * AUGMENT.size() * Image.CHANNELS;
    assertThat(batch.view1().remaining()).isEqualTo(batch.rows() * length);
    for (int row = 0; row < batch.rows(); row++) {
      rows.add(
          new Row(
              batch.step(),
              batch.microBatch(),
              batch.id(row),
              floats(batch.view1(), row * length, length),
              floats(batch.view2(), row * length, length)));
    }
    return rows;
  }

  private static List<Float> floats(FloatBuffer from, int start, int length) {
    List<Float> values = new ArrayList<>();
    for (int i = 0; i < length; i++) {
      values.add(from.get(start + i));
    }
    return values;
  }

  private static List<Row> all(BatchLoader loader, int batches) {
    List<Row> rows = new ArrayList<>();
    try (loader) {
      for (int i = 0; i < batches; i++) {
        Batch batch = loader.take();
        rows.addAll(rows(batch));
        loader.release(batch);
      }
    }
    return rows;
  }

  @Test
  void anyNumberOfWorkersMakesTheSameBits() {
    List<Row> one = all(loader(1, 0, 1, 0, 10), 20);
    assertThat(one).hasSize(120);
    for (int workers = 2; workers <= 4; workers++) {
      assertThat(all(loader(workers, 0, 1, 0, 10), 20)).as("workers=%d", workers).isEqualTo(one);
    }
  }

  @Test
  void replicasTogetherMakeTheBatchOfOne() {
    List<Row> whole = all(loader(2, 0, 1, 0, 4), 8);
    for (int replicas : new int[] {2, 3, 5}) {
      List<List<Row>> shares = new ArrayList<>();
      for (int rank = 0; rank < replicas; rank++) {
        shares.add(all(loader(1, rank, replicas, 0, 4), 8));
      }
      List<Row> joined = new ArrayList<>();
      for (int batch = 0; batch < 8; batch++) {
        for (int rank = 0; rank < replicas; rank++) {
          int rows = PLAN.rows(rank, replicas);
          joined.addAll(shares.get(rank).subList(batch * rows, (batch + 1) * rows));
        }
      }
      assertThat(joined).as("replicas=%d", replicas).isEqualTo(whole);
    }
  }

  @Test
  void aLoaderThatStartsAtAStepGoesOnAsIfItHadNeverStopped() {
    List<Row> whole = all(loader(2, 0, 1, 0, 10), 20);
    for (int start : new int[] {1, 3, 4, 5, 9}) {
      assertThat(all(loader(2, 0, 1, start, 10), 20 - 2 * start))
          .as("start=%d", start)
          .isEqualTo(whole.subList(12 * start, 120));
    }
  }

  @Test
  void viewsAreThoseOfTheImageItsEpochAndTheSeed() throws ImageException {
    int step = PLAN.stepsPerEpoch() + 1;
    Row row = all(loader(1, 0, 1, step, step + 1), 1).get(2);
    ViewMaker views = new ViewMaker(AUGMENT);
    FloatBuffer expected = FloatBuffer.allocate(views.length());
    try (ImageDecoder decoder = new ImageDecoder(1_000_000)) {
      Image image = decoder.decode(store.reader().read(row.id()));
      views.make(image, 99, 1, row.id(), 0, expected, 0);
      assertThat(row.view1()).isEqualTo(floats(expected, 0, views.length()));
      views.make(image, 99, 1, row.id(), 1, expected, 0);
      assertThat(row.view2()).isEqualTo(floats(expected, 0, views.length()));
    }
  }

  @Test
  void stepsEpochsAndPartsAreNamed() {
    try (BatchLoader loader = loader(2, 0, 1, 3, 5)) {
      for (int i = 0; i < 4; i++) {
        Batch batch = loader.take();
        assertThat(batch.step()).isEqualTo(3 + i / 2);
        assertThat(batch.epoch()).isEqualTo(i < 2 ? 0 : 1);
        assertThat(batch.microBatch()).isEqualTo(i % 2);
        loader.release(batch);
      }
      assertThatThrownBy(loader::take).hasMessageContaining("nothing is left");
    }
  }

  @Test
  void aGoodImageThatFailsLaterIsAnErrorThatNamesIt() throws IOException {
    Path folder = temp.resolve("damaged");
    ImageStore damaged = storeOf(temp.resolve("data"), folder);
    for (int i = 0; i < damaged.manifest().segmentBytes().size(); i++) {
      Path segment = new StoreFiles(folder).segment(i);
      try (FileChannel channel = FileChannel.open(segment, StandardOpenOption.WRITE)) {
        channel.write(ByteBuffer.allocate((int) Files.size(segment)));
      }
    }
    DataSettings settings = new DataSettings(6, 0, 1_000_000, 2, 2);
    int[] ids = new int[6];
    new ReplicaOrder(PLAN, 0, 1).ids(0, 0, ids);
    try (BatchLoader loader = new BatchLoader(damaged, settings, AUGMENT, PLAN, 0, 1, 0, 10)) {
      assertThatThrownBy(loader::take)
          .isInstanceOf(DataException.class)
          .hasMessageContaining("image=" + damaged.name(ids[0]) + " id=" + ids[0])
          .hasMessageContaining("bytes start neither as JPEG");
    }
  }

  @Test
  void moreReplicasThanShardsIsAnErrorAndStartsNothing() {
    assertThatThrownBy(() -> loader(1, 0, 7, 0, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("replicas=7 is not in 1..6");
  }

  @Test
  void theBenchmarkCountsWholeBatches() {
    DataSettings settings = new DataSettings(0, 0, 1_000_000, 2, 2);
    LoaderBenchmark.Result result = LoaderBenchmark.run(store, settings, AUGMENT, 1, 0.2);
    assertThat(result.images()).isPositive().matches(images -> images % 16 == 0);
    assertThat(result.seconds()).isBetween(0.2, 5.0);
    assertThat(result.imagesPerSecond()).isEqualTo(result.images() / result.seconds());
  }

  @Test
  void evaluationGoesThroughTheIdsInOrderOnAnyNumberOfWorkers() {
    List<List<Float>> one = evaluate(1);
    assertThat(one).hasSize(IMAGES);
    assertThat(evaluate(3)).isEqualTo(one);
  }

  private static List<List<Float>> evaluate(int workers) {
    DataSettings settings = new DataSettings(0, 0, 1_000_000, workers, 2);
    int length = AUGMENT.size() * AUGMENT.size() * Image.CHANNELS;
    List<List<Float>> crops = new ArrayList<>();
    try (EvaluationImages images =
        new EvaluationImages(store, settings, AUGMENT, EvaluationImages.all(store), 8)) {
      while (images.hasNext()) {
        EvaluationBatch batch = images.take();
        assertThat(batch.count()).isEqualTo(Math.min(8, IMAGES - crops.size()));
        assertThat(batch.images().remaining()).isEqualTo(8 * length);
        for (int row = 0; row < batch.count(); row++) {
          assertThat(batch.id(row)).isEqualTo(crops.size());
          String name = store.name(batch.id(row));
          assertThat(store.manifest().classes().get(batch.label(row)))
              .isEqualTo(name.substring(0, name.indexOf('/')));
          crops.add(floats(batch.images(), row * length, length));
        }
        images.release(batch);
      }
    }
    return crops;
  }

  @Test
  void aShareOfTheIdsIsSpreadOverAllOfThem() {
    assertThat(EvaluationImages.evenlySpaced(store, 5)).containsExactly(0, 10, 21, 31, 42);
    assertThat(EvaluationImages.evenlySpaced(store, 1000)).hasSize(IMAGES).endsWith(IMAGES - 1);
  }
}
