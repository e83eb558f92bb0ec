package org.byol4j.train;

import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.byol4j.data.EvaluationImages;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.eval.BackboneFeatures;
import org.byol4j.eval.FeatureCollector;
import org.byol4j.eval.Features;
import org.byol4j.eval.KnnSettings;
import org.byol4j.eval.WeightedKnn;
import org.byol4j.nn.FeaturePlan;

/**
 * Watches the online backbone get better: kNN among labelled training images, of which every fifth
 * is a query and the others are the bank.
 */
final class KnnMonitor {
  private static final int QUERY_EVERY = 5;
  private static final int BATCH = 64;

  private final RunPlan plan;
  private final KnnSettings settings;

  KnnMonitor(RunPlan plan) {
    this.plan = plan;
    this.settings = plan.settings().knn();
  }

  /** Evaluates after {@code steps} steps, if it is time to and the images have classes. */
  OptionalDouble evaluate(long steps, Replica replica, Device device) {
    long interval = (long) settings.everyEpochs() * plan.shards().stepsPerEpoch();
    boolean hasClasses = plan.store().manifest().classes().size() > 1;
    if (interval == 0 || steps % interval != 0 || !hasClasses) {
      return OptionalDouble.empty();
    }
    int[] ids =
        Arrays.stream(EvaluationImages.evenlySpaced(plan.store(), settings.maxImages()))
            .filter(id -> plan.store().label(id) >= 0)
            .toArray();
    int size = plan.settings().augment().size();
    try (FeaturePlan backbone =
        new FeaturePlan(
            device, plan.architecture(), replica.online(), new Shape(BATCH, size, size, 3))) {
      BackboneFeatures extractor = new BackboneFeatures(backbone);
      Features bank = features(extractor, select(ids, false));
      Features queries = features(extractor, select(ids, true));
      WeightedKnn knn =
          new WeightedKnn(
              settings.k(), settings.temperature(), plan.settings().compute().threads());
      return OptionalDouble.of(knn.evaluate(bank, queries).top1());
    }
  }

  private Features features(BackboneFeatures extractor, int[] ids) {
    RunSettings run = plan.settings();
    return FeatureCollector.collect(
        extractor, plan.store(), ids, run.dataSettings(), run.augment(), BATCH);
  }

  private static int[] select(int[] ids, boolean queries) {
    return IntStream.range(0, ids.length)
        .filter(i -> (i % QUERY_EVERY == QUERY_EVERY - 1) == queries)
        .map(i -> ids[i])
        .toArray();
  }
}
