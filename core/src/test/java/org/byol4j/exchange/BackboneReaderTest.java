package org.byol4j.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.byol4j.checkpoint.Normalization;
import org.byol4j.checkpoint.StateLayout;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;
import org.byol4j.parameters.Slice.Kind;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a network of a convolution, its normalization, and one weight of a head. */
class BackboneReaderTest {
  private static final StateLayout LAYOUT =
      new StateLayout(
          new ParameterTable(
              List.of(
                  new Slice("backbone.conv1.weight", Kind.WEIGHT, List.of(2, 1, 1, 1), 0),
                  new Slice("backbone.bn1.weight", Kind.NORM_SCALE, List.of(2), 2),
                  new Slice("projector.0.weight", Kind.WEIGHT, List.of(1, 1), 4))),
          List.of(new Normalization("backbone.bn1", 2, 0), new Normalization("projector.1", 1, 4)));

  @TempDir Path folder;
  private Path file;
  private List<NamedTensor> given;

  @BeforeEach
  void giveTensors() {
    file = folder.resolve("model.safetensors");
    given =
        new ArrayList<>(
            List.of(
                tensor("fc.bias", 9),
                tensor("bn1.running_var", 0, 4),
                tensor("bn1.running_mean", -1, -2),
                tensor("bn1.weight", 1, 2),
                new NamedTensor(
                    "conv1.weight", List.of(2, 1, 1, 1), FloatBuffer.wrap(new float[] {5, 6}))));
  }

  private static NamedTensor tensor(String name, float... values) {
    return new NamedTensor(name, List.of(values.length), FloatBuffer.wrap(values));
  }

  @Test
  void backboneIsTakenAndHeadsAreLeftAlone() {
    float[] weights = {0, 0, 0, 0, 7};
    float[] running = {0, 0, 1, 1, 8, 9};

    read(weights, running);

    assertThat(weights).containsExactly(5, 6, 1, 2, 7);
    assertThat(running).containsExactly(-1, -2, 0, 4, 8, 9);
  }

  @Test
  void missingTensorIsNamed() {
    given.remove(3);
    refused("bn1.weight is missing");
  }

  @Test
  void otherShapeIsNamed() {
    given.set(3, tensor("bn1.weight", 1, 2, 3));
    refused("bn1.weight has shape=[3], expected [2]");
  }

  @Test
  void tensorWithoutAPlaceIsNamed() {
    given.add(tensor("layer9.weight", 1));
    refused("layer9.weight has no place in the backbone");
  }

  @Test
  void valueThatIsNotFiniteIsNamed() {
    given.set(2, tensor("bn1.running_mean", 0, Float.NaN));
    refused("bn1.running_mean has value=NaN");
  }

  @Test
  void negativeVarianceIsNamed() {
    given.set(1, tensor("bn1.running_var", 1, -1));
    refused("bn1.running_var has value=-1.0, expected none below 0");
  }

  @Test
  void otherTypeIsNamed() {
    String header =
        """
        {"conv1.weight": {"dtype": "F16", "shape": [2, 1, 1, 1], "data_offsets": [0, 4]}}""";
    SafetensorsBytes.write(file, SafetensorsBytes.of(header, 4));
    assertThatThrownBy(BackboneReaderTest.this::readFile)
        .isInstanceOf(ExchangeException.class)
        .hasMessage(file + ": conv1.weight has dtype=F16, expected F32");
  }

  private void refused(String message) {
    assertThatThrownBy(() -> read(new float[5], new float[6]))
        .isInstanceOf(ExchangeException.class)
        .hasMessageStartingWith(file + ": " + message);
  }

  private void read(float[] weights, float[] running) {
    SafetensorsBytes.write(file, given, Map.of());
    readFile(weights, running);
  }

  private void readFile() {
    readFile(new float[5], new float[6]);
  }

  private void readFile(float[] weights, float[] running) {
    try (SafetensorsFile opened = SafetensorsFile.open(file)) {
      BackboneReader.read(opened, Backbone.in(LAYOUT, weights, running));
    }
  }
}
