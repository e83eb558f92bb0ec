package org.byol4j.cli.demo;

import java.nio.FloatBuffer;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.Section;
import org.byol4j.data.EvaluationImages;
import org.byol4j.data.ImageStore;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.eval.BackboneFeatures;
import org.byol4j.eval.FeatureCollector;
import org.byol4j.eval.FeatureExtractor;
import org.byol4j.eval.PixelFeatures;
import org.byol4j.eval.WeightedKnn;
import org.byol4j.image.Image;
import org.byol4j.nn.Architecture;
import org.byol4j.nn.FeaturePlan;
import org.byol4j.nn.Initializer;
import org.byol4j.nn.NetworkState;
import org.byol4j.train.Devices;
import org.byol4j.train.RunSettings;

/** How well neighbours among the training images tell the classes of the test images. */
final class Evaluation {
  private static final int BATCH = 100;

  private final RunSettings settings;
  private final ImageStore train;
  private final ImageStore test;

  Evaluation(RunSettings settings, ImageStore train, ImageStore test) {
    this.settings = settings;
    this.train = train;
    this.test = test;
  }

  /** The share of test images that pixels alone classify, in [0,1]. */
  double ofPixels() {
    int size = settings.augment().size();
    return top1(new PixelFeatures(size * size * Image.CHANNELS));
  }

  /** The share that the backbone classifies before its first step. */
  double ofUntrained() {
    Architecture architecture = new Architecture(settings.network());
    float[] weights =
        new Initializer(settings.network())
            .draw(architecture.onlineTable(), settings.train().seed());
    try (Device device = Devices.open(settings.compute());
        NetworkState online = architecture.newOnlineState(device)) {
      device.write(FloatBuffer.wrap(weights), online.weights());
      return top1(device, architecture, online);
    }
  }

  /** The share that the backbone of a checkpoint classifies. */
  double ofTrained(Checkpoint checkpoint) {
    Architecture architecture = new Architecture(settings.network());
    float[] running = checkpoint.values(Section.BATCHNORM_ONLINE);
    try (Device device = Devices.open(settings.compute());
        NetworkState online = architecture.newOnlineState(device)) {
      device.write(FloatBuffer.wrap(checkpoint.values(Section.WEIGHTS)), online.weights());
      System.arraycopy(running, 0, online.running(), 0, running.length);
      return top1(device, architecture, online);
    }
  }

  private double top1(Device device, Architecture architecture, NetworkState online) {
    int size = settings.augment().size();
    try (FeaturePlan backbone =
        new FeaturePlan(device, architecture, online, new Shape(BATCH, size, size, 3))) {
      return top1(new BackboneFeatures(backbone));
    }
  }

  private double top1(FeatureExtractor extractor) {
    WeightedKnn knn =
        new WeightedKnn(
            settings.knn().k(), settings.knn().temperature(), settings.compute().threads());
    return knn.evaluate(
            FeatureCollector.collect(
                extractor,
                train,
                EvaluationImages.all(train),
                settings.dataSettings(),
                settings.augment(),
                BATCH),
            FeatureCollector.collect(
                extractor,
                test,
                EvaluationImages.all(test),
                settings.dataSettings(),
                settings.augment(),
                BATCH))
        .top1();
  }
}
