package org.byol4j.nn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.byol4j.nn.NetworkSettings.Backbone;
import org.byol4j.nn.NetworkSettings.Stem;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArchitectureTest {

  @ParameterizedTest
  @CsvSource({
    // torchvision's models without their fully connected layer
    "RESNET18, IMAGENET, 11176512",
    "RESNET18, CIFAR, 11168832",
    "RESNET34, IMAGENET, 21284672",
    "RESNET50, IMAGENET, 23508032",
    "RESNET101, IMAGENET, 42500160",
    "RESNET152, IMAGENET, 58143808",
  })
  void backbonesHaveAsManyParametersAsTorchvisions(Backbone backbone, Stem stem, int parameters) {
    assertThat(new Architecture(Networks.of(backbone, stem)).backboneParameters())
        .isEqualTo(parameters);
  }

  @Test
  void theOnlineNetworkOfResNet50HasAsManyParametersAsDeepMinds() {
    Architecture architecture = new Architecture(Networks.of(Backbone.RESNET50, Stem.IMAGENET));
    int projector = 9_449_472;
    int predictor = 2_109_440;
    assertThat(architecture.targetTable().length()).isEqualTo(23_508_032 + projector);
    assertThat(architecture.onlineTable().length()).isEqualTo(35_066_944);
    assertThat(architecture.onlineTable().length() - architecture.targetTable().length())
        .isEqualTo(predictor);
  }

  @Test
  void theTargetsTableIsAPrefixOfTheOnlineNetworks() {
    Architecture architecture = new Architecture(Networks.of(Backbone.RESNET18, Stem.CIFAR));
    List<Slice> target = architecture.targetTable().slices();
    assertThat(architecture.onlineTable().slices().subList(0, target.size())).isEqualTo(target);
  }

  @Test
  void slicesAreNamedAsTorchvisionNamesThem() {
    ParameterTable table =
        new Architecture(Networks.of(Backbone.RESNET50, Stem.IMAGENET)).onlineTable();
    assertThat(table.slices().stream().map(slice -> slice.name() + slice.shape()))
        .contains(
            "backbone.conv1.weight[64, 3, 7, 7]",
            "backbone.bn1.bias[64]",
            "backbone.layer1.0.downsample.0.weight[256, 64, 1, 1]",
            "backbone.layer1.0.downsample.1.weight[256]",
            "backbone.layer4.2.conv2.weight[512, 512, 3, 3]",
            "projector.0.weight[4096, 2048]",
            "projector.0.bias[4096]",
            "predictor.3.weight[256, 4096]")
        .doesNotContain("projector.3.bias[256]");
  }

  @Test
  void basicBlocksOfTheFirstGroupKeepTheIdentity() {
    ParameterTable table =
        new Architecture(Networks.of(Backbone.RESNET18, Stem.IMAGENET)).onlineTable();
    assertThat(table.slices().stream().map(Slice::name))
        .noneMatch(name -> name.startsWith("backbone.layer1.0.downsample"))
        .anyMatch(name -> name.startsWith("backbone.layer2.0.downsample"));
  }
}
