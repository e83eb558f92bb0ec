package org.byol4j.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsTest {
  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void nameTheFile() {
    file = folder.resolve("model.safetensors");
  }

  @Test
  void fileIsLengthThenHeaderThenValuesInLittleEndian() throws IOException {
    NamedTensor tensor = new NamedTensor("a", List.of(1, 2), FloatBuffer.wrap(new float[] {1, -2}));

    SafetensorsBytes.write(file, List.of(tensor), Map.of("format", "pt"));

    byte[] bytes = Files.readAllBytes(file);
    String header =
        "{\"__metadata__\":{\"format\":\"pt\"},\"a\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}";
    int padded = (header.length() + 7) / 8 * 8;
    assertThat(bytes).hasSize(8 + padded + 8);
    assertThat(Arrays.copyOf(bytes, 8)).containsExactly(padded, 0, 0, 0, 0, 0, 0, 0);
    assertThat(new String(bytes, 8, padded, StandardCharsets.UTF_8))
        .isEqualTo(header + " ".repeat(padded - header.length()));
    assertThat(Arrays.copyOfRange(bytes, 8 + padded, bytes.length))
        .containsExactly(0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0);
  }

  @Test
  void whatWasWrittenIsReadToTheBit() {
    float[] many = new float[600_000];
    for (int i = 0; i < many.length; i++) {
      many[i] = (float) Math.sin(i);
    }
    SafetensorsBytes.write(
        file,
        List.of(
            new NamedTensor("first", List.of(), FloatBuffer.wrap(new float[] {-0f})),
            new NamedTensor("many", List.of(600, 1000), FloatBuffer.wrap(many))),
        Map.of("key", "väl\n\"ue"));

    try (SafetensorsFile read = SafetensorsFile.open(file)) {
      float[] first = new float[1];
      float[] back = new float[many.length];
      read.read("first", List.of(), FloatBuffer.wrap(first));
      read.read("many", List.of(600, 1000), FloatBuffer.wrap(back));

      assertThat(read.names()).containsExactly("first", "many");
      assertThat(read.metadata()).containsExactly(Map.entry("key", "väl\n\"ue"));
      assertThat(Float.floatToRawIntBits(first[0])).isEqualTo(0x80000000);
      assertThat(back).isEqualTo(many);
    }
  }

  @Test
  void headerLongerThanTheFileIsRefusedBeforeMemoryIsTaken() {
    for (long claimed : new long[] {3, 100_000_000, 1L << 40, Long.MAX_VALUE, -1}) {
      SafetensorsBytes.write(file, SafetensorsBytes.of(claimed, new byte[] {'{', '}'}, 0));

      assertThatThrownBy(() -> SafetensorsFile.open(file))
          .isInstanceOf(ExchangeException.class)
          .hasMessageContaining("headerBytes=" + Long.toUnsignedString(claimed));
    }
  }

  @Test
  void fileThatIsTooShortOrNotThereIsNamed() {
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(ExchangeException.class)
        .hasMessage(file + ": no such file");
    SafetensorsBytes.write(file, new byte[7]);
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(ExchangeException.class)
        .hasMessageContaining("lengthBytes=7");
  }

  private static String tensor(String name, String shape, String offsets) {
    return "\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":%s}"
        .formatted(name, shape, offsets);
  }

  /** Header, bytes of values, and what the refusal says. */
  static Stream<Arguments> malformed() {
    String whole = tensor("a", "[2]", "[0,8]");
    return Stream.of(
        arguments("nonsense", 0, "not JSON"),
        arguments("[]", 0, "not a JSON object"),
        arguments("{" + whole + "} {}", 8, "not JSON"),
        arguments("{" + whole + "," + whole + "}", 8, "not JSON: Duplicate field 'a'"),
        arguments("[".repeat(5000), 0, "not JSON"),
        arguments("{" + whole + "}", 7, "lengthBytes=7 behind the header, expected 8"),
        arguments("{" + whole + "}", 9, "lengthBytes=9 behind the header, expected 8"),
        arguments(
            "{" + whole + "," + tensor("b", "[2]", "[4,12]") + "}",
            12,
            "b begins at byte 4, expected 8"),
        arguments(
            "{" + whole + "," + tensor("b", "[1]", "[12,16]") + "}",
            16,
            "b begins at byte 12, expected 8"),
        arguments("{" + tensor("a", "[2]", "[8,0]") + "}", 8, "a has data_offsets=[8, 0]"),
        arguments("{" + tensor("a", "[2]", "[-8,0]") + "}", 8, "a has data_offsets=[-8,0]"),
        arguments("{" + tensor("a", "[2]", "[0]") + "}", 8, "a has data_offsets=[0]"),
        arguments(
            "{" + tensor("a", "[2]", "[0,99999999999999999999]") + "}", 8, "a has data_offsets="),
        arguments("{" + tensor("a", "[3]", "[0,8]") + "}", 8, "a has lengthBytes=8"),
        arguments(
            "{" + tensor("a", "[4294967296,4294967296,2]", "[0,8]") + "}",
            8,
            "a has shape=[4294967296, 4294967296, 2], more than any file holds"),
        arguments("{" + tensor("a", "[2.5]", "[0,8]") + "}", 8, "a has shape=[2.5]"),
        arguments("{" + tensor("a", "[1,1,1,1,1,1,1,1,2]", "[0,8]") + "}", 8, "a has shape="),
        arguments("{\"a\":{\"dtype\":\"F31\"}}", 8, "a has dtype=F31"),
        arguments("{\"a\":5}", 8, "a has dtype="),
        arguments("{\"__metadata__\":{\"x\":1}}", 0, "__metadata__ has x that is no text"));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void malformedHeaderIsRefusedByName(String header, int valueBytes, String message) {
    SafetensorsBytes.write(file, SafetensorsBytes.of(header, valueBytes));

    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(ExchangeException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(message);
  }
}
