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
import org.byol4j.checkpoint.Upload;
import org.byol4j.nn.NetworkSettings.Backbone;
import org.byol4j.nn.NetworkSettings.PaddingStyle;
import org.byol4j.nn.NetworkSettings.Stem;
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
    DrawnBackbone drawn = DrawnBackbone.of(backbone, stem, padding);
    float[] planes = new float[batch * 3 * size * size];
    for (int i = 0; i < planes.length; i++) {
      planes[i] = (float) (4 * random.nextDouble() - 2);
    }
    Path file = folder.resolve("model.onnx");
    try (Upload upload = new LocalStorage(folder).create("model.onnx")) {
      OnnxWriter.write(drawn.tensors(), drawn.network(), Map.of("key", "value"), upload);
      upload.commit();
    }

    float[] expected = drawn.features(planes, size, batch);
    float[] features = theirs(file, planes, size, batch);

    double distance = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      distance += Math.pow(features[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    assertThat(features).hasSize(batch * drawn.network().features());
    assertThat(norm).isPositive();
    assertThat(Math.sqrt(distance / norm)).isLessThan(TOLERANCE);
  }

  @Test
  void moreThanTwoGigabytesAreRefused() {
    DrawnBackbone drawn = DrawnBackbone.of(Backbone.RESNET18, Stem.CIFAR, PaddingStyle.SAME);
    List<NamedTensor> tensors = new ArrayList<>(drawn.tensors());
    FloatBuffer shared = FloatBuffer.allocate(1 << 24);
    for (int i = 0; i < 32; i++) {
      tensors.add(new NamedTensor("more" + i, List.of(shared.capacity()), shared));
    }

    assertThatThrownBy(
            () -> {
              try (Upload upload = new LocalStorage(folder).create("model.onnx")) {
                OnnxWriter.write(tensors, drawn.network(), Map.of(), upload);
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
}
