package org.byol4j.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.byol4j.checkpoint.Manifest.Part;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;

/**
 * The manifest as JSON. Its last field is the sha256 of the others, written without white space, so
 * that a damaged manifest is told from a whole one.
 */
final class ManifestJson {
  private static final String FORMAT = "byol4j-checkpoint";
  private static final String OWN_HASH = "manifest_sha256";
  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private ManifestJson() {}

  /**
   * The bytes of a manifest.
   *
   * @param attempt the one that wrote the files of the sections
   */
  static byte[] write(Manifest manifest, int attempt) {
    ObjectNode root = JSON.createObjectNode();
    root.put("format", FORMAT).put("format_version", manifest.version());
    root.put("step", manifest.step()).put("epoch", manifest.epoch());
    RunIdentity identity = manifest.identity();
    root.put("seed", identity.seed());
    root.put("data_sha256", identity.dataSha256());
    root.put("configuration_sha256", identity.configurationSha256());
    root.put("configuration", identity.configuration());
    identity.fingerprint().forEach(root.putObject("fingerprint")::put);
    manifest.counters().forEach(root.putObject("counters")::put);
    AlgorithmsJson.write(manifest.algorithms(), root);
    ArrayNode parameters = root.putArray("parameters");
    for (Slice slice : manifest.layout().parameters().slices()) {
      ObjectNode node = parameters.addObject();
      node.put("name", slice.name()).put("kind", slice.kind().name());
      slice.shape().forEach(node.putArray("shape")::add);
      node.put("offset", slice.offset());
    }
    ArrayNode normalizations = root.putArray("normalizations");
    for (Normalization each : manifest.layout().normalizations()) {
      ObjectNode node = normalizations.addObject();
      node.put("name", each.name()).put("channels", each.channels()).put("offset", each.offset());
    }
    ObjectNode sections = root.putObject("sections");
    manifest
        .parts()
        .forEach(
            (section, parts) -> {
              if (!section.isIn(manifest.version())) {
                return;
              }
              ArrayNode files = sections.putArray(section.key());
              for (Part part : parts) {
                files
                    .addObject()
                    .put("file", manifest.fileName(section, part, attempt))
                    .put("first", part.first())
                    .put("elements", part.elements())
                    .put("bytes", part.lengthBytes())
                    .put("sha256", part.sha256());
              }
            });
    try {
      root.put(OWN_HASH, Sha256.of(JSON.writeValueAsBytes(root)));
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads a manifest.
   *
   * @param attempt the one that the file's name tells of
   * @param name how messages name the file
   * @throws CheckpointException if the text is not a whole manifest of a known version
   */
  static Manifest read(byte[] bytes, int attempt, String name) {
    JsonFields root = new JsonFields(parse(bytes, name), name);
    root.expect("format", FORMAT);
    long version = root.integer("format_version", 1, Long.MAX_VALUE);
    if (version > Manifest.NEWEST_VERSION) {
      throw new CheckpointException(
          "%s: format_version=%d is newer than this program knows, expected at most %d"
              .formatted(name, version, Manifest.NEWEST_VERSION));
    }
    checkOwnHash(root, name);
    RunIdentity identity =
        new RunIdentity(
            root.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE),
            root.text("configuration"),
            root.text("data_sha256"),
            root.object("fingerprint").texts());
    root.expect("configuration_sha256", identity.configurationSha256());
    return new Manifest(
        root.integer("step", 0, Long.MAX_VALUE),
        (int) root.integer("epoch", 0, Integer.MAX_VALUE),
        identity,
        layout(root, name),
        counters(root.object("counters")),
        AlgorithmsJson.read(root, name),
        parts(root.object("sections"), version, attempt));
  }

  private static JsonNode parse(byte[] bytes, String name) {
    try {
      return JSON.readTree(bytes);
    } catch (IOException e) {
      throw new CheckpointException(
          "%s: not JSON, expected a manifest: %s".formatted(name, e.getMessage()), e);
    }
  }

  private static void checkOwnHash(JsonFields root, String name) {
    String stated = root.text(OWN_HASH);
    ObjectNode others = root.node().deepCopy();
    others.remove(OWN_HASH);
    try {
      String actual = Sha256.of(JSON.writeValueAsBytes(others));
      if (!actual.equals(stated)) {
        throw new CheckpointException(
            "%s: damaged, its own sha256=%s, expected %s".formatted(name, actual, stated));
      }
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static StateLayout layout(JsonFields root, String name) {
    List<Slice> slices = new ArrayList<>();
    for (JsonFields node : root.objects("parameters")) {
      List<Integer> shape = new ArrayList<>();
      node.integers("shape", 1, Integer.MAX_VALUE).forEach(size -> shape.add(size.intValue()));
      slices.add(
          new Slice(
              node.text("name"),
              node.constant("kind", Slice.Kind.class),
              shape,
              node.integer("offset", 0, Long.MAX_VALUE)));
    }
    List<Normalization> normalizations = new ArrayList<>();
    for (JsonFields node : root.objects("normalizations")) {
      normalizations.add(
          new Normalization(
              node.text("name"),
              (int) node.integer("channels", 1, Integer.MAX_VALUE),
              node.integer("offset", 0, Long.MAX_VALUE)));
    }
    try {
      StateLayout layout = new StateLayout(new ParameterTable(slices), normalizations);
      layout.parameters().length();
      return layout;
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new CheckpointException("%s: tables: %s".formatted(name, e.getMessage()), e);
    }
  }

  private static Map<String, Long> counters(JsonFields object) {
    Map<String, Long> counters = new TreeMap<>();
    object
        .names()
        .forEach(key -> counters.put(key, object.integer(key, Long.MIN_VALUE, Long.MAX_VALUE)));
    return counters;
  }

  private static Map<Section, List<Part>> parts(JsonFields sections, long version, int attempt) {
    Map<Section, List<Part>> parts = new EnumMap<>(Section.class);
    for (Section section : Section.values()) {
      if (!section.isIn(version)) {
        parts.put(section, List.of());
      } else if (version == 1) {
        parts.put(section, onlyFile(sections.object(section.key()), section, attempt));
      } else {
        parts.put(section, parts(sections.objects(section.key()), section, attempt));
      }
    }
    return parts;
  }

  /** The file of a section in version 1, where each has one. */
  private static List<Part> onlyFile(JsonFields node, Section section, int attempt) {
    node.expect("file", section.fileName(attempt));
    Part file =
        new Part(0, (int) node.integer("elements", 0, Integer.MAX_VALUE), node.text("sha256"));
    node.integer("bytes", file.lengthBytes(), file.lengthBytes());
    return file.elements() == 0 ? List.of() : List.of(file);
  }

  private static List<Part> parts(List<JsonFields> nodes, Section section, int attempt) {
    List<Part> parts = new ArrayList<>();
    long end = 0;
    for (JsonFields node : nodes) {
      long first = node.integer("first", end, end);
      int elements = (int) node.integer("elements", 1, Integer.MAX_VALUE);
      Part part = new Part(first, elements, node.text("sha256"));
      node.expect(
          "file", nodes.size() == 1 ? section.fileName(attempt) : section.partName(first, attempt));
      node.integer("bytes", part.lengthBytes(), part.lengthBytes());
      parts.add(part);
      end = part.end();
    }
    return parts;
  }
}
