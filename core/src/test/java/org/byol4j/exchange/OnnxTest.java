package org.byol4j.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.byol4j.checkpoint.LocalStorage;
import org.byol4j.checkpoint.Normalization;
import org.byol4j.checkpoint.StateLayout;
import org.byol4j.checkpoint.Upload;
import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.device.onednn.OnednnDevice;
import org.byol4j.nn.Architecture;
import org.byol4j.nn.FeaturePlan;
import org.byol4j.nn.Initializer;
import org.byol4j.nn.NetworkSettings;
import org.byol4j.nn.NetworkSettings.Backbone;
import org.byol4j.nn.NetworkSettings.HeadBias;
import org.byol4j.nn.NetworkSettings.Init;
import org.byol4j.nn.NetworkSettings.LastGamma;
import org.byol4j.nn.NetworkSettings.PaddingStyle;
import org.byol4j.nn.NetworkSettings.Predictor;
import org.byol4j.nn.NetworkSettings.RunningVariance;
import org.byol4j.nn.NetworkSettings.Stem;
import org.byol4j.nn.NetworkState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares our features with those that ONNX Runtime makes of the exported backbone. */
class OnnxTest {
  private static final double TOLERANCE = 1e-4;

  @TempDir Path folder;
  private final SplittableRandom random = new SplittableRandom(11);

  @ParameterizedTest
  @CsvSource({
    "RESNET18, CIFAR, SAME, 16, 1",
    "RESNET18, CIFAR, TORCH, 16, 3",
    "RESNET34, IMAGENET, SAME, 48, 2",
    // odd sizes are where SAME pads more at the end
    "RESNET50, IMAGENET, SAME, 47, 3",
    "RESNET50, IMAGENET, TORCH, 47, 1",
  })
  void runtimeMakesOurFeatures(
      Backbone backbone, Stem stem, PaddingStyle padding, int size, int batch)
      throws IOException, OrtException {
    NetworkSettings network = network(backbone, stem, padding);
    Architecture architecture = new Architecture(network);
    float[] weights = weights(architecture);
    float[] running = running(architecture);
    float[] planes = new float[batch * 3 * size * size];
    for (int i = 0; i < planes.length; i++) {
      planes[i] = (float) (4 * random.nextDouble() - 2);
    }
    Path file = folder.resolve("model.onnx");
    try (Upload upload = new LocalStorage(folder).create("model.onnx")) {
      OnnxWriter.write(
          org.byol4j.exchange.Backbone.in(layout(architecture), weights, running),
          network,
          Map.of("key", "value"),
          upload);
      upload.commit();
    }

    float[] expected = ours(architecture, weights, running, planes, size, batch);
    float[] features = theirs(file, planes, size, batch);

    double distance = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      distance += Math.pow(features[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    assertThat(features).hasSize(batch * architecture.features());
    assertThat(norm).isPositive();
    assertThat(Math.sqrt(distance / norm)).isLessThan(TOLERANCE);
  }

  @Test
  void moreThanTwoGigabytesAreRefused() {
    NetworkSettings network = network(Backbone.RESNET18, Stem.CIFAR, PaddingStyle.SAME);
    Architecture architecture = new Architecture(network);
    List<NamedTensor> tensors =
        new ArrayList<>(
            org.byol4j.exchange.Backbone.in(
                layout(architecture), weights(architecture), running(architecture)));
    FloatBuffer shared = FloatBuffer.allocate(1 << 24);
    for (int i = 0; i < 32; i++) {
      tensors.add(new NamedTensor("more" + i, List.of(shared.capacity()), shared));
    }

    assertThatThrownBy(
            () -> {
              try (Upload upload = new LocalStorage(folder).create("model.onnx")) {
                OnnxWriter.write(tensors, network, Map.of(), upload);
              }
            })
        .isInstanceOf(ExchangeException.class)
        .hasMessageContaining("expected at most 2147483647");
  }

  private float[] theirs(Path file, float[] planes, int size, int batch) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      try (OrtSession session = environment.createSession(file.toString(), options);
          OnnxTensor images =
              OnnxTensor.createTensor(
                  environment, FloatBuffer.wrap(planes), new long[] {batch, 3, size, size});
          OrtSession.Result result = session.run(Map.of("images", images))) {
        assertThat(session.getMetadata().getCustomMetadata()).containsEntry("key", "value");
        OnnxTensor features = (OnnxTensor) result.get("features").orElseThrow();
        float[] values = new float[features.getFloatBuffer().remaining()];
        features.getFloatBuffer().get(values);
        return values;
      }
    }
  }

  private static float[] ours(
      Architecture architecture,
      float[] weights,
      float[] running,
      float[] planes,
      int size,
      int batch) {
    float[] pixels = new float[planes.length];
    int plane = size * size;
    for (int i = 0; i < planes.length; i++) {
      int image = i / (3 * plane);
      pixels[(image * plane + i % plane) * 3 + i / plane % 3] = planes[i];
    }
    FloatBuffer features = FloatBuffer.allocate(batch * architecture.features());
    ComputeSettings compute =
        new ComputeSettings("onednn", "fp32", 1, ComputeSettings.Convolution.DIRECT);
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

  private static NetworkSettings network(Backbone backbone, Stem stem, PaddingStyle padding) {
    return new NetworkSettings(
        backbone,
        0.25,
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
  }

  private static StateLayout layout(Architecture architecture) {
    List<Normalization> normalizations =
        architecture.onlineRunning().stream()
            .map(range -> new Normalization(range.name(), range.channels(), range.offset()))
            .toList();
    return new StateLayout(architecture.onlineTable(), normalizations);
  }

  private static float[] weights(Architecture architecture) {
    return new Initializer(architecture.settings()).draw(architecture.onlineTable(), 5);
  }

  /** Means within ±0.1, variances from 0.5 to 1.5, so that a mistaken place shows. */
  private float[] running(Architecture architecture) {
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
}
