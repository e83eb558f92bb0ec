package org.byol4j.paramserver.sharing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.byol4j.ThreadsAtWork;
import org.byol4j.collective.Collective;
import org.byol4j.collective.Replicas;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.indexing.conditions.Conditions;

/** On how many threads gradients are encoded and decoded, and that the bits do not depend on it. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class EncodingThreadsTest {
  private static final int ELEMENTS = 1 << 20;

  /** Few elements, which go by their indices, and many, which go as a bitmap. */
  private static final float[] THRESHOLDS = {2.5f, 0.5f};

  private final float[] gradient = gradient();

  private static float[] gradient() {
    Random random = new Random(11);
    float[] gradient = new float[ELEMENTS];
    for (int i = 0; i < ELEMENTS; i++) {
      gradient[i] = (float) random.nextGaussian();
    }
    return gradient;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void loopsTakeTheThreadsThatTheyAreGiven(int threads) {
    assumeTrue(Runtime.getRuntime().availableProcessors() >= threads, "too few processors");
    int atWork =
        alone(
            () -> {
              LoadedNd4j.computeWith(threads);
              try (Residual residual = new Residual(ELEMENTS / 2, ELEMENTS / 2);
                  PartSum sum = new PartSum(ELEMENTS)) {
                residual.write(0, FloatBuffer.wrap(gradient));
                EncodedPart part = part();
                return ThreadsAtWork.during(
                    () -> {
                      residual.values().scan(Conditions.absGreaterThanOrEqual(THRESHOLDS[1]));
                      residual.useUnits(TensorUnits.of(1, 1));
                      residual.useUnits(TensorUnits.of(0, 0));
                      sum.clear();
                      sum.add(part);
                    });
              }
            });
    assertThat(atWork).isEqualTo(threads);
  }

  /** The gradient as a bitmap. */
  private EncodedPart part() {
    SharingSettings settings = new SharingSettings(THRESHOLDS[1], 0.02, 0.05, 0.5, 0, 1, 0);
    try (GradientEncoder encoder = new GradientEncoder(settings, ELEMENTS)) {
      return EncodedPart.received(encoder.encode(0, gradient), 0, ELEMENTS, THRESHOLDS[1]);
    }
  }

  @Test
  void bitsDoNotDependOnThreads() {
    assertThat(alone(() -> shared(2))).isEqualTo(alone(() -> shared(1)));
  }

  /** On a thread of its own, as a replica's: OpenMP remembers a number for each. */
  private static <T> T alone(Supplier<T> work) {
    return Replicas.run(List.of(Collective.single()), group -> work.get()).get(0);
  }

  /** Encodes and decodes the gradient, and returns residual and sum. */
  private float[] shared(int threads) {
    LoadedNd4j.computeWith(threads);
    float[] left = new float[2 * ELEMENTS];
    for (float threshold : THRESHOLDS) {
      SharingSettings settings = new SharingSettings(threshold, 0.02, 0.05, 0.5, 4, 1, 0);
      try (GradientEncoder encoder = new GradientEncoder(settings, ELEMENTS / 2, ELEMENTS / 2);
          PartSum sum = new PartSum(ELEMENTS)) {
        encoder.useUnits(TensorUnits.of(1, -1));
        int[] words = encoder.encode(0, gradient);
        sum.clear();
        sum.add(EncodedPart.received(words, 0, ELEMENTS, threshold));
        float[] decoded = new float[ELEMENTS];
        sum.read(decoded);
        encoder.readResidual(0, FloatBuffer.wrap(left, 0, ELEMENTS));
        for (int i = 0; i < ELEMENTS; i++) {
          left[ELEMENTS + i] = 3 * left[ELEMENTS + i] + decoded[i] + left[i];
        }
      }
    }
    return left;
  }
}
