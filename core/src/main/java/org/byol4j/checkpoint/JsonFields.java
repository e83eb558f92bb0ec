package org.byol4j.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The fields of a JSON object, each of which must be there and be what it is asked for as. */
final class JsonFields {
  private final ObjectNode object;
  private final String name;

  /** Reads {@code node}; messages name it {@code name}. */
  JsonFields(JsonNode node, String name) {
    if (!(node instanceof ObjectNode fields)) {
      throw new CheckpointException("%s: not an object".formatted(name));
    }
    this.object = fields;
    this.name = name;
  }

  ObjectNode node() {
    return object;
  }

  List<String> names() {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  boolean has(String key) {
    return object.has(key);
  }

  /** All fields, each of which must be a string. */
  Map<String, String> texts() {
    Map<String, String> texts = new TreeMap<>();
    names().forEach(key -> texts.put(key, text(key)));
    return texts;
  }

  String text(String key) {
    JsonNode node = field(key);
    if (!node.isTextual()) {
      throw wrong(key, node, "a string");
    }
    return node.textValue();
  }

  void expect(String key, String expected) {
    if (!text(key).equals(expected)) {
      throw wrong(key, field(key), expected);
    }
  }

  long integer(String key, long min, long max) {
    return integer(key, field(key), min, max);
  }

  <E extends Enum<E>> E constant(String key, Class<E> type) {
    String text = text(key);
    return Arrays.stream(type.getEnumConstants())
        .filter(constant -> constant.name().equals(text))
        .findFirst()
        .orElseThrow(
            () -> wrong(key, field(key), "one of " + Arrays.toString(type.getEnumConstants())));
  }

  JsonFields object(String key) {
    return new JsonFields(field(key), name + ": " + key);
  }

  List<JsonFields> objects(String key) {
    List<JsonFields> objects = new ArrayList<>();
    for (JsonNode element : array(key)) {
      objects.add(new JsonFields(element, "%s: %s[%d]".formatted(name, key, objects.size())));
    }
    return objects;
  }

  List<Long> integers(String key, long min, long max) {
    List<Long> integers = new ArrayList<>();
    for (JsonNode element : array(key)) {
      integers.add(integer("%s[%d]".formatted(key, integers.size()), element, min, max));
    }
    return integers;
  }

  private JsonNode array(String key) {
    JsonNode node = field(key);
    if (!node.isArray()) {
      throw wrong(key, node, "an array");
    }
    return node;
  }

  private long integer(String key, JsonNode node, long min, long max) {
    if (!node.isIntegralNumber()
        || !node.canConvertToLong()
        || node.longValue() < min
        || node.longValue() > max) {
      throw wrong(
          key,
          node,
          min == max ? Long.toString(min) : "an integer from %d to %d".formatted(min, max));
    }
    return node.longValue();
  }

  private JsonNode field(String key) {
    JsonNode node = object.get(key);
    if (node == null) {
      throw new CheckpointException("%s: %s is missing".formatted(name, key));
    }
    return node;
  }

  private CheckpointException wrong(String key, JsonNode node, String expected) {
    String value = node.toString();
    String shown = value.length() <= 80 ? value : value.substring(0, 80) + "...";
    return new CheckpointException("%s: %s=%s, expected %s".formatted(name, key, shown, expected));
  }
}
