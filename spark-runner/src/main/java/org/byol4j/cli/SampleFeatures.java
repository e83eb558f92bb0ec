package org.byol4j.cli;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.SplittableRandom;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.Section;
import org.byol4j.config.Configuration;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.exchange.NamedTensor;
import org.byol4j.image.Image;
import org.byol4j.nn.Architecture;
import org.byol4j.nn.FeaturePlan;
import org.byol4j.nn.NetworkState;
import org.byol4j.train.Devices;

/** What our own network makes of a few images, for whoever reads an exported one. */
final class SampleFeatures {
  private static final int IMAGES = 4;
  private static final long SEED = 1;

  private SampleFeatures() {}

  /**
   * Draws images of uniform values within ±2, as normalized ones have, and runs the online backbone
   * with its running statistics.
   *
   * @return {@code images [4, 3, size, size]} and {@code features [4, features]}
   */
  static List<NamedTensor> of(Configuration configuration, Checkpoint checkpoint) {
    int size = configuration.knn().imageSize();
    int plane = size * size;
    float[] planes = new float[IMAGES * Image.CHANNELS * plane];
    float[] pixels = new float[planes.length];
    SplittableRandom random = new SplittableRandom(SEED);
    for (int i = 0; i < planes.length; i++) {
      planes[i] = (float) (4 * random.nextDouble() - 2);
      int image = i / (Image.CHANNELS * plane);
      int channel = i / plane % Image.CHANNELS;
      pixels[(image * plane + i % plane) * Image.CHANNELS + channel] = planes[i];
    }
    Architecture architecture = new Architecture(configuration.network());
    FloatBuffer features = FloatBuffer.allocate(IMAGES * architecture.features());
    float[] running = checkpoint.values(Section.BATCHNORM_ONLINE);
    Shape batch = new Shape(IMAGES, size, size, Image.CHANNELS);
    try (Device device = Devices.open(configuration.compute());
        NetworkState online = architecture.newOnlineState(device)) {
      device.write(FloatBuffer.wrap(checkpoint.values(Section.WEIGHTS)), online.weights());
      System.arraycopy(running, 0, online.running(), 0, running.length);
      try (FeaturePlan plan = new FeaturePlan(device, architecture, online, batch)) {
        plan.run(FloatBuffer.wrap(pixels), features);
      }
    }
    return List.of(
        new NamedTensor(
            "images", List.of(IMAGES, Image.CHANNELS, size, size), FloatBuffer.wrap(planes)),
        new NamedTensor("features", List.of(IMAGES, architecture.features()), features.clear()));
  }
}
