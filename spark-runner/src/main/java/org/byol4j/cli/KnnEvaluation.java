package org.byol4j.cli;

import java.nio.FloatBuffer;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.Section;
import org.byol4j.config.Configuration;
import org.byol4j.data.EvaluationImages;
import org.byol4j.data.ImageStore;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.eval.BackboneFeatures;
import org.byol4j.eval.FeatureCollector;
import org.byol4j.eval.FeatureExtractor;
import org.byol4j.eval.Features;
import org.byol4j.eval.KnnResult;
import org.byol4j.eval.PixelFeatures;
import org.byol4j.eval.WeightedKnn;
import org.byol4j.image.Image;
import org.byol4j.nn.Architecture;
import org.byol4j.nn.FeaturePlan;
import org.byol4j.nn.Initializer;
import org.byol4j.nn.NetworkState;
import org.byol4j.train.Devices;

/** How well the neighbours of test images, among training images, tell their classes. */
final class KnnEvaluation {
  private static final int BATCH = 64;

  private final Configuration configuration;
  private final ImageStore train;
  private final ImageStore test;

  /**
   * @param configuration the network, how crops are normalized, k and temperature
   */
  KnnEvaluation(Configuration configuration, ImageStore train, ImageStore test) {
    this.configuration = configuration;
    this.train = train;
    this.test = test;
  }

  /** By the pixels of the centre crops. */
  KnnResult pixels() {
    int size = configuration.knn().imageSize();
    return evaluate(new PixelFeatures(size * size * Image.CHANNELS));
  }

  /** By the features of the network as it was drawn from the run's seed. */
  KnnResult untrained() {
    Architecture architecture = new Architecture(configuration.network());
    float[] weights =
        new Initializer(configuration.network())
            .draw(architecture.onlineTable(), configuration.train().seed());
    try (Device device = Devices.open(configuration.compute());
        NetworkState online = architecture.newOnlineState(device)) {
      device.write(FloatBuffer.wrap(weights), online.weights());
      return evaluate(device, architecture, online);
    }
  }

  /** By the features of the online network, with its running statistics. */
  KnnResult trained(Checkpoint checkpoint) {
    Architecture architecture = new Architecture(configuration.network());
    float[] weights = checkpoint.values(Section.WEIGHTS);
    float[] running = checkpoint.values(Section.BATCHNORM_ONLINE);
    try (Device device = Devices.open(configuration.compute());
        NetworkState online = architecture.newOnlineState(device)) {
      device.write(FloatBuffer.wrap(weights), online.weights());
      System.arraycopy(running, 0, online.running(), 0, running.length);
      return evaluate(device, architecture, online);
    }
  }

  private KnnResult evaluate(Device device, Architecture architecture, NetworkState online) {
    int size = configuration.knn().imageSize();
    Shape batch = new Shape(BATCH, size, size, Image.CHANNELS);
    try (FeaturePlan plan = new FeaturePlan(device, architecture, online, batch)) {
      return evaluate(new BackboneFeatures(plan));
    }
  }

  private KnnResult evaluate(FeatureExtractor extractor) {
    return new WeightedKnn(
            configuration.knn().k(),
            configuration.knn().temperature(),
            configuration.compute().threads())
        .evaluate(features(extractor, train), features(extractor, test));
  }

  private Features features(FeatureExtractor extractor, ImageStore store) {
    return FeatureCollector.collect(
        extractor,
        store,
        EvaluationImages.all(store),
        configuration.data(),
        configuration.augment().withSize(configuration.knn().imageSize()),
        BATCH);
  }
}
