package org.byol4j.train;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.byol4j.collective.Collective;
import org.byol4j.collective.FloatVector;
import org.byol4j.data.EvaluationBatch;
import org.byol4j.data.EvaluationImages;
import org.byol4j.data.ShardPlan;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.eval.Features;
import org.byol4j.eval.KnnSettings;
import org.byol4j.eval.WeightedKnn;
import org.byol4j.nn.FeaturePlan;
import org.byol4j.nn.NetworkState;

/**
 * Watches the online backbone get better: kNN among labelled training images, of which every fifth
 * is a query and the others are the bank. Each replica makes the features of its own shards' images
 * and, when all have been brought together, classifies its share of the queries.
 */
final class KnnMonitor implements AutoCloseable {
  private static final int QUERY_EVERY = 5;
  private static final int BATCH = 64;

  private final RunPlan plan;
  private final KnnSettings settings;
  private final Device device;
  private final Collective collective;
  private final NetworkState online;

  /** Made for the first evaluation and kept: what operations hold is freed with the device only. */
  private Optional<FeaturePlan> backbone = Optional.empty();

  /**
   * @param online the network that is watched; stays the caller's
   */
  KnnMonitor(RunPlan plan, Device device, Collective collective, NetworkState online) {
    this.plan = plan;
    this.settings = plan.settings().knn();
    this.device = device;
    this.collective = collective;
    this.online = online;
  }

  /**
   * Whether it is time to evaluate after {@code steps} steps and the images have classes.
   *
   * @param classes how many classes the images have
   */
  static boolean isDue(KnnSettings settings, long steps, int stepsPerEpoch, int classes) {
    long interval = (long) settings.everyEpochs() * stepsPerEpoch;
    return interval > 0 && steps % interval == 0 && classes > 1;
  }

  /**
   * Evaluates after {@code steps} steps, if it is time to and the images have classes; all replicas
   * call this in lockstep, and get the same share of queries that were classified rightly.
   */
  OptionalDouble evaluate(long steps) {
    int classes = plan.store().manifest().classes().size();
    if (!isDue(settings, steps, plan.shards().stepsPerEpoch(), classes)) {
      return OptionalDouble.empty();
    }
    int[] ids = EvaluationImages.evenlySpaced(plan.store(), settings.maxImages());
    Rows rows = rows(ids);
    int[] labelled = IntStream.range(0, ids.length).filter(i -> rows.label(i) >= 0).toArray();
    int[] bank = select(labelled, false);
    int[] queries = select(labelled, true);
    if (queries.length == 0) {
      return OptionalDouble.empty();
    }
    return OptionalDouble.of(right(rows, bank, mine(queries)) / queries.length);
  }

  /** How many of the queries of all replicas are classified rightly. */
  private double right(Rows rows, int[] bank, int[] mine) {
    double[] right = new double[1];
    if (mine.length > 0) {
      WeightedKnn knn =
          new WeightedKnn(
              settings.k(), settings.temperature(), plan.settings().compute().threads());
      double share = knn.evaluate(features(rows, bank), features(rows, mine)).top1();
      right[0] = Math.rint(share * mine.length);
    }
    collective.allReduceSum(right);
    return right[0];
  }

  private Features features(Rows rows, int[] images) {
    float[] values = new float[Math.multiplyExact(images.length, rows.width)];
    int[] labels = new int[images.length];
    for (int i = 0; i < images.length; i++) {
      rows.copy(images[i], values, i * rows.width);
      labels[i] = rows.label(images[i]);
    }
    return new Features(values, labels, plan.store().manifest().classes());
  }

  private int[] mine(int[] queries) {
    int from = share(queries.length, collective.rank());
    int to = share(queries.length, collective.rank() + 1);
    return Arrays.copyOfRange(queries, from, to);
  }

  private int share(int count, int rank) {
    return (int) ((long) count * rank / collective.size());
  }

  private static int[] select(int[] images, boolean queries) {
    return IntStream.range(0, images.length)
        .filter(i -> (i % QUERY_EVERY == QUERY_EVERY - 1) == queries)
        .map(i -> images[i])
        .toArray();
  }

  /** Makes the rows of this replica's images, and takes the others' from the other replicas. */
  private Rows rows(int[] ids) {
    FeaturePlan extractor = backbone();
    Rows rows = new Rows(ids, plan.shards(), collective.size(), extractor.features());
    fill(rows, ids, extractor);
    collective.allGather(rows.memory, rows.bounds());
    return rows;
  }

  private FeaturePlan backbone() {
    if (backbone.isEmpty()) {
      int size = settings.imageSize();
      Shape batch = new Shape(BATCH, size, size, 3);
      backbone = Optional.of(new FeaturePlan(device, plan.architecture(), online, batch));
    }
    return backbone.get();
  }

  @Override
  public void close() {
    backbone.ifPresent(FeaturePlan::close);
  }

  private void fill(Rows rows, int[] ids, FeaturePlan extractor) {
    int[] images =
        IntStream.range(0, ids.length)
            .filter(i -> plan.shards().rankOf(ids[i], collective.size()) == collective.rank())
            .toArray();
    int[] own = IntStream.of(images).map(i -> ids[i]).toArray();
    if (own.length == 0) {
      return;
    }
    RunSettings run = plan.settings();
    FloatBuffer features = FloatBuffer.allocate(BATCH * rows.width);
    int done = 0;
    try (EvaluationImages batches =
        new EvaluationImages(
            plan.store(),
            run.dataSettings(),
            run.augment().withSize(settings.imageSize()),
            own,
            BATCH)) {
      while (batches.hasNext()) {
        EvaluationBatch batch = batches.take();
        extractor.run(batch.images(), features.clear());
        for (int i = 0; i < batch.count(); i++) {
          rows.put(images[done + i], features, i, batch.label(i));
        }
        done += batch.count();
        batches.release(batch);
      }
    }
  }

  /**
   * Features and label of every image, in the order of the ranks that own them, {@code [images,
   * width + 1]}.
   */
  private static final class Rows {
    private final int width;
    private final FloatVector memory;
    private final int[] rowOf;
    private final int[] firstRow;

    Rows(int[] ids, ShardPlan shards, int replicas, int width) {
      this.width = width;
      this.memory = new FloatVector(Math.multiplyExact(ids.length, width + 1));
      this.rowOf = new int[ids.length];
      this.firstRow = new int[replicas + 1];
      int row = 0;
      for (int rank = 0; rank < replicas; rank++) {
        for (int i = 0; i < ids.length; i++) {
          if (shards.rankOf(ids[i], replicas) == rank) {
            rowOf[i] = row++;
          }
        }
        firstRow[rank + 1] = row;
      }
    }

    /** Where the values of each rank begin. */
    long[] bounds() {
      return IntStream.of(firstRow).mapToLong(row -> (long) row * (width + 1)).toArray();
    }

    void put(int image, FloatBuffer features, int featuresRow, int label) {
      int start = rowOf[image] * (width + 1);
      memory.values().put(start, features, featuresRow * width, width);
      memory.values().put(start + width, label);
    }

    void copy(int image, float[] to, int offset) {
      memory.values().get(rowOf[image] * (width + 1), to, offset, width);
    }

    int label(int image) {
      return (int) memory.values().get(rowOf[image] * (width + 1) + width);
    }
  }
}
