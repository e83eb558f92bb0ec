package org.byol4j.spark;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** The properties that a cluster's administrator has set in {@code spark-defaults.conf}. */
final class SparkDefaults {
  private SparkDefaults() {}

  /**
   * Reads the file where Spark looks for it; nothing where there is none.
   *
   * @param environment {@code SPARK_CONF_DIR}, or {@code SPARK_HOME} with {@code conf} in it
   */
  static Map<String, String> of(Map<String, String> environment) {
    String home = environment.getOrDefault("SPARK_HOME", "");
    String folder =
        environment.getOrDefault("SPARK_CONF_DIR", home.isEmpty() ? "" : home + "/conf");
    Path file = Path.of(folder, "spark-defaults.conf");
    if (folder.isEmpty() || !Files.isRegularFile(file)) {
      return Map.of();
    }
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      properties.load(reader);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
    Map<String, String> defaults = new TreeMap<>();
    properties
        .stringPropertyNames()
        .forEach(name -> defaults.put(name, properties.getProperty(name).strip()));
    return defaults;
  }
}
