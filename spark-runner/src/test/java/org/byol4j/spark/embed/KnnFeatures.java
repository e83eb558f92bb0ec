package org.byol4j.spark.embed;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.Section;
import org.byol4j.config.Configuration;
import org.byol4j.data.EvaluationImages;
import org.byol4j.data.ImageSource;
import org.byol4j.data.ImageStore;
import org.byol4j.data.StoreProgress;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.eval.BackboneFeatures;
import org.byol4j.image.Image;
import org.byol4j.nn.Architecture;
import org.byol4j.nn.FeaturePlan;
import org.byol4j.nn.NetworkState;
import org.byol4j.train.Devices;

/** The features that the kNN evaluation of one machine compares: store, online network, batches. */
public final class KnnFeatures {
  private static final int BATCH = 64;

  private KnnFeatures() {}

  /**
   * Those of all images of a folder, in the order of ids.
   *
   * @param store a folder for the store
   */
  public static List<List<Float>> of(
      Checkpoint checkpoint, Configuration configuration, Path images, Path store) {
    ImageStore opened =
        ImageStore.open(ImageSource.at(images), store, configuration.data(), StoreProgress.NONE);
    Architecture architecture = new Architecture(configuration.network());
    int size = configuration.knn().imageSize();
    float[] running = checkpoint.values(Section.BATCHNORM_ONLINE);
    List<List<Float>> rows = new ArrayList<>();
    try (Device device = Devices.open(configuration.compute());
        NetworkState online = architecture.newOnlineState(device)) {
      device.write(FloatBuffer.wrap(checkpoint.values(Section.WEIGHTS)), online.weights());
      System.arraycopy(running, 0, online.running(), 0, running.length);
      Shape batch = new Shape(BATCH, size, size, Image.CHANNELS);
      try (FeaturePlan plan = new FeaturePlan(device, architecture, online, batch);
          EvaluationImages crops =
              new EvaluationImages(
                  opened,
                  configuration.data(),
                  configuration.augment().withSize(size),
                  EvaluationImages.all(opened),
                  BATCH)) {
        FloatBuffer features = FloatBuffer.allocate(BATCH * plan.features());
        while (crops.hasNext()) {
          var taken = crops.take();
          new BackboneFeatures(plan).extract(taken.images(), features.clear());
          for (int row = 0; row < taken.count(); row++) {
            List<Float> values = new ArrayList<>();
            for (int i = 0; i < plan.features(); i++) {
              values.add(features.get(row * plan.features() + i));
            }
            rows.add(values);
          }
          crops.release(taken);
        }
      }
    }
    return rows;
  }
}
