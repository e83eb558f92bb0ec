package org.byol4j.exchange;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.SplittableRandom;
import org.byol4j.checkpoint.Normalization;
import org.byol4j.checkpoint.StateLayout;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.device.onednn.OnednnDevice;
import org.byol4j.nn.Architecture;
import org.byol4j.nn.FeaturePlan;
import org.byol4j.nn.Initializer;
import org.byol4j.nn.NetworkSettings;
import org.byol4j.nn.NetworkSettings.HeadBias;
import org.byol4j.nn.NetworkSettings.Init;
import org.byol4j.nn.NetworkSettings.LastGamma;
import org.byol4j.nn.NetworkSettings.PaddingStyle;
import org.byol4j.nn.NetworkSettings.Predictor;
import org.byol4j.nn.NetworkSettings.RunningVariance;
import org.byol4j.nn.NetworkSettings.Stem;
import org.byol4j.nn.NetworkState;

/** A backbone of drawn weights and running statistics. */
final class DrawnBackbone {
  private final Architecture architecture;
  private final float[] weights;
  private final float[] running;

  private DrawnBackbone(Architecture architecture, float[] weights, float[] running) {
    this.architecture = architecture;
    this.weights = weights;
    this.running = running;
  }

  /** Draws one of a quarter of the channels. */
  static DrawnBackbone of(NetworkSettings.Backbone backbone, Stem stem, PaddingStyle padding) {
    return of(backbone, 0.25, stem, padding);
  }

  /** Draws one of {@code width} of the channels. */
  static DrawnBackbone of(
      NetworkSettings.Backbone backbone, double width, Stem stem, PaddingStyle padding) {
    NetworkSettings network =
        new NetworkSettings(
            backbone,
            width,
            stem,
            padding,
            Init.DEEPMIND,
            LastGamma.ONE,
            RunningVariance.BIASED,
            0.9,
            1e-3,
            Predictor.MLP,
            16,
            8,
            HeadBias.FIRST);
    Architecture architecture = new Architecture(network);
    return new DrawnBackbone(
        architecture,
        new Initializer(network).draw(architecture.onlineTable(), 5),
        drawRunning(architecture));
  }

  /** Means within ±0.1, variances from 0.5 to 1.5, so that a mistaken place shows. */
  private static float[] drawRunning(Architecture architecture) {
    SplittableRandom random = new SplittableRandom(11);
    int length = architecture.onlineRunning().stream().mapToInt(r -> r.end()).max().orElseThrow();
    float[] running = new float[length];
    architecture
        .onlineRunning()
        .forEach(
            range -> {
              for (int c = 0; c < range.channels(); c++) {
                running[range.offset() + c] = (float) (0.2 * random.nextDouble() - 0.1);
                running[range.offset() + range.channels() + c] =
                    (float) (0.5 + random.nextDouble());
              }
            });
    return running;
  }

  NetworkSettings network() {
    return architecture.settings();
  }

  /** The tensors of the backbone, views of these values. */
  List<NamedTensor> tensors() {
    List<Normalization> normalizations =
        architecture.onlineRunning().stream()
            .map(range -> new Normalization(range.name(), range.channels(), range.offset()))
            .toList();
    return Backbone.in(
        new StateLayout(architecture.onlineTable(), normalizations), weights, running);
  }

  /** Our own features {@code [batch, features]} of {@code planes [batch, 3, size, size]}. */
  float[] features(float[] planes, int size, int batch) {
    float[] pixels = new float[planes.length];
    int plane = size * size;
    for (int i = 0; i < planes.length; i++) {
      int image = i / (3 * plane);
      pixels[(image * plane + i % plane) * 3 + i / plane % 3] = planes[i];
    }
    FloatBuffer features = FloatBuffer.allocate(batch * architecture.features());
    ComputeSettings compute =
        new ComputeSettings(
            "onednn", "fp32", 1, ComputeSettings.Convolution.DIRECT, ComputeSettings.Graphs.AUTO);
    try (Device device = new OnednnDevice(compute);
        NetworkState online = architecture.newOnlineState(device)) {
      device.write(FloatBuffer.wrap(weights), online.weights());
      System.arraycopy(running, 0, online.running(), 0, running.length);
      try (FeaturePlan plan =
          new FeaturePlan(device, architecture, online, new Shape(batch, size, size, 3))) {
        plan.run(FloatBuffer.wrap(pixels), features);
      }
    }
    return features.array();
  }
}
