package org.byol4j.paramserver.sharing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.byol4j.collective.CollectiveException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class GradientEncoderTest {
  private static final int ELEMENTS = 1024;

  /** A power of two, so that nothing is rounded. */
  private static final float THRESHOLD = 0.25f;

  private static final SharingSettings SETTINGS =
      new SharingSettings(THRESHOLD, 0.02, 0.05, 0.5, 0, 1, 0);

  @Test
  void onlyWhatReachesTheThresholdIsSentAndTheRestStays() {
    try (GradientEncoder encoder = new GradientEncoder(SETTINGS, ELEMENTS)) {
      float[] gradient = new float[ELEMENTS];
      gradient[0] = 0.375f;
      gradient[7] = -0.4375f;
      gradient[63] = 0.125f;
      float[] sent = new float[ELEMENTS];
      sent[0] = 0.25f;
      sent[7] = -0.25f;
      float[] left = new float[ELEMENTS];
      left[0] = 0.125f;
      left[7] = -0.1875f;
      left[63] = 0.125f;
      assertThat(decoded(encoder.encode(0, gradient))).containsExactly(sent);
      assertThat(residual(encoder)).containsExactly(left);

      float[] more = new float[ELEMENTS];
      more[0] = 0.125f;
      more[7] = -0.125f;
      left[0] = 0;
      left[7] = -0.0625f;
      assertThat(decoded(encoder.encode(1, more))).containsExactly(sent);
      assertThat(residual(encoder)).containsExactly(left);
    }
  }

  @Test
  void firstThresholdIsWhatTheWantedShareReaches() {
    float[] gradient = new float[1000];
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] = (i % 2 == 0 ? 1e-6f : -1e-6f) * (i + 1);
    }
    // the largest 100 are above 9e-4
    assertThat(FirstThreshold.of(gradient, 0.1)).isBetween(9e-4 * (1 - 1.0 / 128), 9.01e-4);
    assertThat(FirstThreshold.of(gradient, 1)).isBetween(1e-6 * (1 - 1.0 / 128), 1e-6);
    assertThat(FirstThreshold.of(new float[1000], 0.1)).isZero();

    // of negative elements a bitmap sends those that reach half of the threshold, too
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] = Math.abs(gradient[i]);
    }
    SharingSettings automatic = new SharingSettings(0, 0.02, 0.05, 0.5, 0, 1, 0);
    try (GradientEncoder encoder = new GradientEncoder(automatic, gradient.length)) {
      assertThat(encoder.hasThreshold()).isFalse();
      encoder.takeThreshold(encoder.thresholdFor(gradient));
      int[] words = encoder.encode(0, gradient);
      assertThat(
              EncodedPart.received(words, 0, gradient.length, encoder.usedThreshold())
                  .share(gradient.length))
          .isBetween(0.05, 0.06);
    }
  }

  @Test
  void thresholdOfGradientsThatVanishStaysPositive() {
    try (GradientEncoder encoder = new GradientEncoder(SETTINGS, ELEMENTS)) {
      for (int step = 0; step < 2000; step++) {
        encoder.adapt(step, 0);
      }
      assertThat((float) encoder.threshold()).isPositive();
    }
  }

  @Test
  void residualsOfSeveralReplicasAreAddedUp() {
    try (GradientEncoder encoder = new GradientEncoder(SETTINGS, ELEMENTS)) {
      float[] one = new float[ELEMENTS];
      one[7] = -0.125f;
      one[63] = 0.5f;
      encoder.writeResidual(0, FloatBuffer.wrap(one));
      encoder.addToResidual(7, FloatBuffer.wrap(new float[] {1, 2}));
      one[7] = 0.875f;
      one[8] = 2;
      assertThat(residual(encoder)).containsExactly(one);
    }
  }

  @Test
  void eachTensorIsEncodedInItsUnitAndTheResidualStaysWhatItIs() {
    int half = ELEMENTS / 2;
    try (GradientEncoder encoder = new GradientEncoder(SETTINGS, half, half)) {
      float[] left = new float[ELEMENTS];
      left[1] = 0.125f;
      left[half] = -0.5f / 1024;
      encoder.writeResidual(0, FloatBuffer.wrap(left));
      encoder.useUnits(TensorUnits.of(1, -10));
      assertThat(residual(encoder)).containsExactly(left);

      encoder.useUnits(TensorUnits.of(1, -10));
      float[] gradient = new float[ELEMENTS];
      gradient[0] = 0.5f;
      gradient[half + 1] = 0.75f;
      float[] sent = new float[ELEMENTS];
      sent[0] = 2 * THRESHOLD;
      sent[half] = -2 * THRESHOLD;
      sent[half + 1] = 2 * THRESHOLD;
      assertThat(decoded(encoder.encode(0, gradient))).containsExactly(sent);
      left[half] = 0;
      left[half + 1] = 0.25f / 1024;
      assertThat(residual(encoder)).containsExactly(left);
    }
  }

  @Test
  void largeElementsGoInLargePieces() {
    try (GradientEncoder encoder = new GradientEncoder(SETTINGS, ELEMENTS)) {
      float[] gradient = new float[ELEMENTS];
      gradient[3] = 16 * THRESHOLD;
      gradient[9] = -20 * THRESHOLD;
      gradient[10] = 5 * THRESHOLD;
      gradient[11] = 0.5f * THRESHOLD;
      int[] words = encoder.encode(0, gradient);
      float[] left = new float[ELEMENTS];
      left[10] = THRESHOLD;
      left[11] = gradient[11];
      assertThat(residual(encoder)).containsExactly(left);
      gradient[10] -= left[10];
      gradient[11] = 0;
      assertThat(decoded(words)).containsExactly(gradient);
      // elements 3 and 9, then 9 and 10, then 10 alone, which is one too few and waits
      assertThat(EncodedPart.received(words, 1, ELEMENTS, THRESHOLD).share(ELEMENTS))
          .isEqualTo(4.0 / ELEMENTS);
    }
  }

  @Test
  void encodingsInAnotherOrderAreRefused() {
    int[] large = {1, ELEMENTS, Float.floatToRawIntBits(4 * THRESHOLD), 0, 7};
    int[] small = {1, ELEMENTS, Float.floatToRawIntBits(THRESHOLD), 0, 7};
    float[] sent = new float[ELEMENTS];
    sent[6] = 5 * THRESHOLD;
    assertThat(decoded(joined(large, small))).containsExactly(sent);
    for (int[] words : List.of(joined(small, large), joined(small, small), joined(large, large))) {
      assertThatThrownBy(() -> EncodedPart.received(words, 1, ELEMENTS, THRESHOLD))
          .isInstanceOf(CollectiveException.class);
    }
  }

  private static int[] joined(int[] first, int[] second) {
    return IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
  }

  @Test
  void singleElementWaitsForAnother() {
    try (GradientEncoder encoder = new GradientEncoder(SETTINGS, ELEMENTS)) {
      float[] gradient = new float[ELEMENTS];
      gradient[7] = -0.75f;
      assertThat(encoder.encode(0, gradient)).isEmpty();
      assertThat(residual(encoder)).containsExactly(gradient);
    }
  }

  @Test
  void nothingIsSentWhereNothingReachesTheThreshold() {
    try (GradientEncoder encoder = new GradientEncoder(SETTINGS, ELEMENTS)) {
      int[] words = encoder.encode(0, new float[ELEMENTS]);
      assertThat(words).isEmpty();
      EncodedPart part = EncodedPart.received(words, 1, ELEMENTS, THRESHOLD);
      assertThat(part.share(ELEMENTS)).isZero();
      assertThat(decoded(words)).containsOnly(0f);
    }
  }

  @Test
  void denseGradientsGoAsABitmapAndLoseNothing() {
    try (GradientEncoder encoder = new GradientEncoder(SETTINGS, ELEMENTS)) {
      float[] gradient = new float[ELEMENTS];
      for (int i = 0; i < ELEMENTS; i++) {
        gradient[i] = (i % 5 - 2) / 8f;
      }
      int[] words = encoder.encode(0, gradient);
      assertThat(words).hasSize(EncodedPart.bitmapWords(ELEMENTS));
      float[] sent = decoded(words);
      float[] left = residual(encoder);
      for (int i = 0; i < ELEMENTS; i++) {
        assertThat(sent[i] + left[i]).isEqualTo(gradient[i]);
      }
      assertThat(sent).contains(0.25f, -0.25f);
      int count = 0;
      for (float value : sent) {
        count += value == 0 ? 0 : 1;
      }
      assertThat(EncodedPart.received(words, 0, ELEMENTS, THRESHOLD).share(ELEMENTS))
          .isEqualTo((double) count / ELEMENTS);
    }
  }

  @Test
  void thresholdFallsRisesAndStaysByTheShareThatWasSent() {
    try (GradientEncoder encoder = new GradientEncoder(SETTINGS, ELEMENTS)) {
      encoder.adapt(0, 0.001);
      assertThat(encoder.threshold()).isEqualTo(THRESHOLD / 2);
      encoder.adapt(1, 0.03);
      assertThat(encoder.threshold()).isEqualTo(THRESHOLD / 2);
      encoder.adapt(2, 0.06);
      assertThat(encoder.threshold()).isEqualTo(THRESHOLD);
    }
  }

  @Test
  void residualIsCutAtItsMultipleOfTheThreshold() {
    SharingSettings clipped = new SharingSettings(THRESHOLD, 0.02, 0.05, 0.5, 4, 2, 0);
    try (GradientEncoder encoder = new GradientEncoder(clipped, ELEMENTS)) {
      float[] gradient = new float[ELEMENTS];
      gradient[3] = -100;
      gradient[4] = 100;
      encoder.encode(1, gradient);
      // 16, 4, 2 and 1 thresholds of it have gone
      assertThat(residual(encoder)[3]).isEqualTo(-100 + 23 * THRESHOLD);
      encoder.encode(2, new float[ELEMENTS]);
      assertThat(residual(encoder)[3]).isEqualTo(-1f);
      assertThat(residual(encoder)[4]).isEqualTo(1f);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, ELEMENTS + 1, -ELEMENTS - 1, Integer.MIN_VALUE, Integer.MAX_VALUE})
  void indexOutsideIsRefused(int index) {
    expectRefused(words -> words[4] = index);
  }

  @Test
  void indexThatStandsThereTwiceIsRefused() {
    expectRefused(words -> words[5] = 1);
  }

  @Test
  void headersThatDoNotFitAreRefused() {
    expectRefused(words -> words[0]++);
    expectRefused(words -> words[1]--);
    expectRefused(words -> words[2] = Float.floatToRawIntBits(Float.NaN));
    expectRefused(words -> words[2] = Float.floatToRawIntBits(-THRESHOLD));
    expectRefused(words -> words[2] = Float.floatToRawIntBits(Math.nextUp(THRESHOLD)));
    expectRefused(words -> words[2] = Float.floatToRawIntBits(Float.POSITIVE_INFINITY));
    expectRefused(words -> words[3] = 1);
    expectRefused(words -> words[3] = 2);
    assertThatThrownBy(
            () -> EncodedPart.received(new int[] {0, ELEMENTS, 0}, 1, ELEMENTS, THRESHOLD))
        .isInstanceOf(CollectiveException.class);
    assertThatThrownBy(() -> EncodedPart.received(new int[1000], 1, ELEMENTS, THRESHOLD))
        .isInstanceOf(CollectiveException.class);
  }

  private static void expectRefused(Consumer<int[]> damage) {
    int[] words = {2, ELEMENTS, Float.floatToRawIntBits(THRESHOLD), 0, -1, ELEMENTS};
    assertThat(decoded(words)).contains(-THRESHOLD).contains(THRESHOLD);
    damage.accept(words);
    assertThatThrownBy(() -> EncodedPart.received(words, 1, ELEMENTS, THRESHOLD))
        .as(Arrays.toString(words))
        .isInstanceOf(CollectiveException.class)
        .hasMessageContaining("rank=1")
        .hasMessageContaining("elements=" + ELEMENTS);
  }

  private static float[] decoded(int[] words) {
    try (INDArray sum = Nd4j.create(DataType.FLOAT, ELEMENTS)) {
      EncodedPart.received(words, 1, ELEMENTS, THRESHOLD).addTo(sum);
      return sum.toFloatVector();
    }
  }

  private static float[] residual(GradientEncoder encoder) {
    FloatBuffer values = FloatBuffer.allocate(ELEMENTS);
    encoder.readResidual(0, values);
    return values.array();
  }
}
