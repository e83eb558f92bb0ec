package org.byol4j.exchange;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a safetensors file says of itself, checked: every entry is whole, the values of the tensors
 * lie one after the other without gap or overlap and fill the file.
 *
 * @param tensors the tensors by name, in the order of their values
 * @param metadata the texts under {@code __metadata__}
 */
record SafetensorsHeader(Map<String, Entry> tensors, Map<String, String> metadata) {
  static final String METADATA = "__metadata__";
  static final String FLOAT32 = "F32";

  private static final int MAX_DEPTH = 4;
  private static final int MAX_DIMENSIONS = 8;
  private static final int MAX_SHOWN = 80;

  /** Bits of an element by type, as the format lists them. */
  private static final Map<String, Integer> BITS =
      Map.ofEntries(
          Map.entry("BOOL", 8),
          Map.entry("U8", 8),
          Map.entry("I8", 8),
          Map.entry("F8_E4M3", 8),
          Map.entry("F8_E5M2", 8),
          Map.entry("U16", 16),
          Map.entry("I16", 16),
          Map.entry("F16", 16),
          Map.entry("BF16", 16),
          Map.entry("U32", 32),
          Map.entry("I32", 32),
          Map.entry(FLOAT32, 32),
          Map.entry("U64", 64),
          Map.entry("I64", 64),
          Map.entry("F64", 64));

  private static final ObjectMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(MAX_DEPTH).build())
                  .build())
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  SafetensorsHeader {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    metadata = Map.copyOf(metadata);
  }

  /**
   * Where a tensor's values lie.
   *
   * @param type such as {@code F32}
   * @param begin the first byte, counted from the end of the header
   * @param end the byte behind the last
   */
  record Entry(String name, String type, List<Long> shape, long begin, long end) {}

  /**
   * Reads a header.
   *
   * @param valueBytes how many bytes of the file lie behind the header
   * @param file what messages name the file
   * @throws ExchangeException if anything is wrong with it
   */
  static SafetensorsHeader parse(byte[] json, long valueBytes, String file) {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new ExchangeException(
          "%s: the header is not JSON: %s".formatted(file, e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new ExchangeException("%s: the header is not JSON: %s".formatted(file, e), e);
    }
    if (!root.isObject()) {
      throw new ExchangeException("%s: the header is not a JSON object".formatted(file));
    }
    List<Entry> entries = new ArrayList<>();
    Map<String, String> metadata = Map.of();
    for (Map.Entry<String, JsonNode> field : root.properties()) {
      if (field.getKey().equals(METADATA)) {
        metadata = texts(field.getValue(), file);
      } else {
        entries.add(entry(field.getKey(), field.getValue(), file));
      }
    }
    entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    return new SafetensorsHeader(inOrder(entries, valueBytes, file), metadata);
  }

  private static Map<String, Entry> inOrder(List<Entry> entries, long valueBytes, String file) {
    Map<String, Entry> tensors = new LinkedHashMap<>();
    long end = 0;
    for (Entry entry : entries) {
      if (entry.begin() != end) {
        throw wrong(
            file,
            entry.name(),
            "begins at byte %d, expected %d: values lie without gap or overlap"
                .formatted(entry.begin(), end));
      }
      end = entry.end();
      tensors.put(entry.name(), entry);
    }
    if (end != valueBytes) {
      throw new ExchangeException(
          "%s: lengthBytes=%d behind the header, expected %d by its offsets"
              .formatted(file, valueBytes, end));
    }
    return tensors;
  }

  private static Map<String, String> texts(JsonNode node, String file) {
    Map<String, String> texts = new LinkedHashMap<>();
    if (!node.isObject()) {
      throw wrong(file, METADATA, "is not a JSON object");
    }
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      if (!field.getValue().isTextual()) {
        throw wrong(file, METADATA, "has %s that is no text".formatted(shown(field.getKey())));
      }
      texts.put(field.getKey(), field.getValue().textValue());
    }
    return texts;
  }

  private static Entry entry(String name, JsonNode node, String file) {
    String type = node.path("dtype").asText("");
    if (!BITS.containsKey(type)) {
      throw wrong(
          file, name, "has dtype=%s, expected one of %s".formatted(shown(type), BITS.keySet()));
    }
    List<Long> shape = integers(node.path("shape"), name, "shape", file);
    List<Long> offsets = integers(node.path("data_offsets"), name, "data_offsets", file);
    if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
      throw wrong(file, name, "has data_offsets=%s, expected [begin, end]".formatted(offsets));
    }
    long bytes;
    try {
      long elements = shape.stream().reduce(1L, Math::multiplyExact);
      bytes = Math.multiplyExact(elements, BITS.get(type) / Byte.SIZE);
    } catch (ArithmeticException e) {
      throw wrong(file, name, "has shape=%s, more than any file holds".formatted(shape));
    }
    if (offsets.get(1) - offsets.get(0) != bytes) {
      throw wrong(
          file,
          name,
          "has lengthBytes=%d by its offsets, expected %d for shape=%s dtype=%s"
              .formatted(offsets.get(1) - offsets.get(0), bytes, shape, type));
    }
    return new Entry(name, type, shape, offsets.get(0), offsets.get(1));
  }

  private static List<Long> integers(JsonNode node, String name, String key, String file) {
    List<Long> integers = new ArrayList<>();
    boolean isGood = node.isArray() && node.size() <= MAX_DIMENSIONS;
    for (JsonNode element : node) {
      isGood &= element.isIntegralNumber() && element.canConvertToLong() && element.asLong() >= 0;
      integers.add(element.asLong());
    }
    if (!isGood) {
      throw wrong(
          file,
          name,
          "has %s=%s, expected at most %d integers from 0 on"
              .formatted(key, shown(node.toString()), MAX_DIMENSIONS));
    }
    return integers;
  }

  private static ExchangeException wrong(String file, String tensor, String what) {
    return new ExchangeException("%s: %s %s".formatted(file, shown(tensor), what));
  }

  /** As much of a text of the file as a message holds. */
  static String shown(String text) {
    return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "...";
  }
}
