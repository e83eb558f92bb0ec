package org.byol4j.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.nn.NetworkSettings.Backbone;
import org.byol4j.nn.NetworkSettings.HeadBias;
import org.byol4j.nn.NetworkSettings.Init;
import org.byol4j.nn.NetworkSettings.PaddingStyle;
import org.byol4j.nn.NetworkSettings.RunningVariance;
import org.byol4j.nn.NetworkSettings.Stem;
import org.byol4j.optim.OptimizerSettings.Algorithm;
import org.byol4j.optim.TargetSettings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The files under {@code conf/} say what the recipe says. */
class PresetsTest {
  private static final Path CONF = Path.of("..", "conf");

  @Test
  void everyPresetHasNoFault() throws IOException {
    List<Path> presets;
    try (Stream<Path> files = Files.list(CONF)) {
      presets = files.sorted().toList();
    }
    assertThat(presets)
        .extracting(path -> path.getFileName().toString())
        .contains("cifar10-small.conf", "demo.conf", "imagenet-resnet50-40ep.conf");
    for (Path preset : presets) {
      assertThat(Configuration.ofFile(preset, List.of()).resolved()).isNotEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "40, 0.45, 1e-6, 0.97",
    "100, 0.45, 1e-6, 0.99",
    "300, 0.3, 1e-6, 0.99",
    "1000, 0.2, 1.5e-6, 0.996",
  })
  void imageNetPresetsHaveThePapersSchedules(
      int epochs, double rate, double decay, double baseDecay) {
    Configuration preset = preset("imagenet-resnet50-" + epochs + "ep.conf");

    assertThat(preset.train().epochs()).isEqualTo(epochs);
    assertThat(preset.train().batchSize()).isEqualTo(4096);
    assertThat(preset.augment().style()).isEqualTo(AugmentSettings.Style.DEEPMIND);
    assertThat(preset.augment().size()).isEqualTo(224);
    assertThat(preset.network().backbone()).isEqualTo(Backbone.RESNET50);
    assertThat(preset.network().stem()).isEqualTo(Stem.IMAGENET);
    assertThat(preset.network().headBias()).isEqualTo(HeadBias.FIRST);
    assertThat(preset.optimizer().algorithm()).isEqualTo(Algorithm.LARS);
    assertThat(preset.optimizer().baseLearningRate()).isEqualTo(rate);
    assertThat(preset.optimizer().referenceBatch()).isEqualTo(256);
    assertThat(preset.optimizer().weightDecay()).isEqualTo(decay);
    assertThat(preset.optimizer().warmupEpochs()).isEqualTo(10);
    assertThat(preset.optimizer().trustCoefficient()).isEqualTo(0.001);
    assertThat(preset.target())
        .isEqualTo(
            new TargetSettings(
                baseDecay, TargetSettings.Schedule.COSINE, TargetSettings.Update.AFTER_STEP));
  }

  @Test
  void cifarPresetIsSoloLearns() {
    Configuration preset = preset("cifar10-resnet18.conf");

    assertThat(preset.train().epochs()).isEqualTo(1000);
    assertThat(preset.train().batchSize()).isEqualTo(256);
    assertThat(preset.train().lossScale()).isEqualTo(1);
    assertCifarImagesAndTorchNetwork(preset);
    assertThat(preset.network().hidden()).isEqualTo(4096);
    assertThat(preset.network().output()).isEqualTo(256);
    assertThat(preset.network().headBias()).isEqualTo(HeadBias.BOTH);
    assertThat(preset.optimizer().algorithm()).isEqualTo(Algorithm.LARS);
    assertThat(preset.optimizer().baseLearningRate()).isEqualTo(1);
    assertThat(preset.optimizer().referenceBatch()).isEqualTo(256);
    assertThat(preset.optimizer().weightDecay()).isEqualTo(1e-5);
    assertThat(preset.optimizer().warmupEpochs()).isEqualTo(10);
    assertThat(preset.optimizer().excludeNormAndBias()).isTrue();
    assertThat(preset.optimizer().trustCoefficient()).isEqualTo(0.02);
    assertThat(preset.optimizer().trustClip()).isTrue();
    assertThat(preset.target())
        .isEqualTo(
            new TargetSettings(
                0.99, TargetSettings.Schedule.COSINE, TargetSettings.Update.AFTER_STEP));
  }

  @Test
  void lightlyPresetHasAllOfLightlysColumn() {
    Configuration preset = preset("cifar10-resnet18-lightly.conf");

    assertThat(preset.train().epochs()).isEqualTo(800);
    assertThat(preset.train().batchSize()).isEqualTo(512);
    assertThat(preset.train().lossScale()).isEqualTo(0.25);
    assertCifarImagesAndTorchNetwork(preset);
    assertThat(preset.network().hidden()).isEqualTo(1024);
    assertThat(preset.network().output()).isEqualTo(256);
    assertThat(preset.network().headBias()).isEqualTo(HeadBias.LAST);
    assertThat(preset.optimizer().algorithm()).isEqualTo(Algorithm.SGD);
    assertThat(preset.optimizer().baseLearningRate()).isEqualTo(0.06);
    assertThat(preset.optimizer().referenceBatch()).isEqualTo(128);
    assertThat(preset.optimizer().momentum()).isEqualTo(0.9);
    assertThat(preset.optimizer().weightDecay()).isEqualTo(5e-4);
    assertThat(preset.optimizer().warmupEpochs()).isZero();
    assertThat(preset.optimizer().excludeNormAndBias()).isFalse();
    assertThat(preset.target())
        .isEqualTo(
            new TargetSettings(
                0.99, TargetSettings.Schedule.CONSTANT, TargetSettings.Update.BEFORE_FORWARD));
  }

  private static void assertCifarImagesAndTorchNetwork(Configuration preset) {
    assertThat(preset.augment().style()).isEqualTo(AugmentSettings.Style.TORCHVISION);
    assertThat(preset.augment().size()).isEqualTo(32);
    assertThat(preset.augment().view1().blur()).isZero();
    assertThat(preset.augment().view2().blur()).isZero();
    assertThat(preset.augment().view1().solarize()).isZero();
    assertThat(preset.augment().view2().solarize()).isEqualTo(0.2);
    assertThat(preset.augment().mean()).containsExactly(0.4914, 0.4822, 0.4465);
    assertThat(preset.augment().std()).containsExactly(0.2470, 0.2435, 0.2616);
    assertThat(preset.network().backbone()).isEqualTo(Backbone.RESNET18);
    assertThat(preset.network().stem()).isEqualTo(Stem.CIFAR);
    assertThat(preset.network().padding()).isEqualTo(PaddingStyle.TORCH);
    assertThat(preset.network().init()).isEqualTo(Init.TORCH);
    assertThat(preset.network().runningVariance()).isEqualTo(RunningVariance.UNBIASED);
  }

  private static Configuration preset(String name) {
    return Configuration.ofFile(CONF.resolve(name), List.of());
  }
}
