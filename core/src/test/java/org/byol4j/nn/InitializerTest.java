package org.byol4j.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.byol4j.nn.NetworkSettings.Backbone;
import org.byol4j.nn.NetworkSettings.Init;
import org.byol4j.nn.NetworkSettings.LastGamma;
import org.byol4j.nn.NetworkSettings.Stem;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InitializerTest {
  /** The standard deviation of a normal distribution cut at two deviations. */
  private static final double TRUNCATED_STD = 0.8796;

  /** A width where values do not count. */
  private static final double NARROW = 1.0 / 16;

  private static final class Drawn {
    private final ParameterTable table;
    private final float[] values;

    Drawn(ParameterTable table, float[] values) {
      this.table = table;
      this.values = values;
    }

    float[] slice(String name) {
      Slice slice =
          table.slices().stream().filter(s -> s.name().equals(name)).findFirst().orElseThrow();
      return Arrays.copyOfRange(values, (int) slice.offset(), (int) slice.end());
    }
  }

  @Test
  void deepMindDrawsATruncatedNormalByFanIn() {
    Drawn drawn = wide(Init.DEEPMIND);
    float[] convolution = drawn.slice("backbone.layer2.0.conv2.weight");
    double sigma = 1 / Math.sqrt(64 * 9);
    assertThat(std(convolution)).isCloseTo(TRUNCATED_STD * sigma, within(0.01 * sigma));
    assertThat(largest(convolution)).isLessThanOrEqualTo((float) (2 * sigma));
    assertThat(drawn.slice("projector.0.bias")).containsOnly(0f);
  }

  @Test
  void torchDrawsConvolutionsByFanOutAndLinearLayersUniformly() {
    Drawn drawn = wide(Init.TORCH);
    float[] convolution = drawn.slice("backbone.layer2.0.conv1.weight");
    double sigma = Math.sqrt(2.0 / (64 * 9));
    assertThat(std(convolution)).isCloseTo(sigma, within(0.01 * sigma));
    double bound = 1 / Math.sqrt(256);
    float[] linear = drawn.slice("projector.0.weight");
    assertThat(std(linear)).isCloseTo(bound / Math.sqrt(3), within(0.01 * bound));
    assertThat(largest(linear)).isLessThanOrEqualTo((float) bound);
    float[] bias = drawn.slice("predictor.3.bias");
    assertThat(largest(bias)).isBetween(0.9f / 32, 1f / 32);
  }

  @ParameterizedTest
  @CsvSource({
    "RESNET18, ONE, 1, 1",
    "RESNET18, ZERO, 1, 0",
    "RESNET18, ZERO_IN_BOTTLENECKS, 1, 1",
    "RESNET50, ONE, 1, 1",
    "RESNET50, ZERO, 1, 0",
    "RESNET50, ZERO_IN_BOTTLENECKS, 1, 0",
  })
  void onlyTheLastScaleOfABlockStartsAtZero(
      Backbone backbone, LastGamma lastGamma, float first, float last) {
    Drawn drawn = draw(NARROW, backbone, Init.DEEPMIND, lastGamma, 7);
    String lastNorm = backbone == Backbone.RESNET18 ? "bn2" : "bn3";
    assertThat(drawn.slice("backbone.layer3.1.bn1.weight")).containsOnly(first);
    assertThat(drawn.slice("backbone.layer3.1." + lastNorm + ".weight")).containsOnly(last);
    assertThat(drawn.slice("backbone.layer3.0.downsample.1.weight")).containsOnly(1f);
    assertThat(drawn.slice("backbone.layer3.1." + lastNorm + ".bias")).containsOnly(0f);
  }

  @Test
  void theSameSeedDrawsTheSameWeightsAndAnotherOneOthers() {
    float[] first = narrow(7);
    assertThat(narrow(7)).isEqualTo(first);
    assertThat(narrow(8)).isNotEqualTo(first);
  }

  private static float[] narrow(long seed) {
    return draw(NARROW, Backbone.RESNET18, Init.DEEPMIND, LastGamma.ONE, seed).values;
  }

  /** Draws enough values of each slice for their deviation. */
  private static Drawn wide(Init init) {
    return draw(0.5, Backbone.RESNET18, init, LastGamma.ONE, 7);
  }

  private static Drawn draw(
      double width, Backbone backbone, Init init, LastGamma lastGamma, long seed) {
    NetworkSettings settings =
        new NetworkSettings(
            backbone,
            width,
            Stem.CIFAR,
            NetworkSettings.PaddingStyle.SAME,
            init,
            lastGamma,
            NetworkSettings.RunningVariance.BIASED,
            0.9,
            1e-5,
            NetworkSettings.Predictor.MLP,
            1024,
            64,
            NetworkSettings.HeadBias.BOTH);
    ParameterTable table = new Architecture(settings).onlineTable();
    return new Drawn(table, new Initializer(settings).draw(table, seed));
  }

  private static double std(float[] values) {
    double sum = 0;
    double squares = 0;
    for (float value : values) {
      sum += value;
      squares += (double) value * value;
    }
    double mean = sum / values.length;
    return Math.sqrt(squares / values.length - mean * mean);
  }

  private static float largest(float[] values) {
    float largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
