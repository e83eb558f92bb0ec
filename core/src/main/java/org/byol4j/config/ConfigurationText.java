package org.byol4j.config;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * A resolved configuration as checkpoints keep it: one {@code key = value} a line, sorted by key.
 * The text is HOCON.
 */
public final class ConfigurationText {
  /**
   * What may change between two parts of a run: where and how fast it runs, what is kept and
   * watched. Names of keys, or of sections that end in a dot. What undecodable images are comes
   * with the data's manifest.
   */
  private static final Set<String> FREE_ON_RESUME =
      Set.of(
          "augment.on",
          "checkpoint.",
          "cluster.",
          "collapse.",
          "compute.convolution",
          "collective.",
          "compute.cuda.graphs",
          "compute.device",
          "compute.threads",
          "data.max-bad-fraction",
          "data.max-pixels",
          "data.prefetch",
          "data.workers",
          "knn.",
          "lease.",
          "parameter-server.digest-every-steps",
          "parameter-server.target-sync",
          "train.checkpoint-every-steps");

  private static final String ABSENT = "absent";

  private static final String MODE = "parameter-server.mode";

  /** The mode of runs that were begun before there was another. */
  private static final String SYNCHRONOUS = "synchronous";

  private static final String SHARING_KEYS = "gradient-sharing.";

  private final SortedMap<String, String> values;

  private ConfigurationText(SortedMap<String, String> values) {
    this.values = values;
  }

  static ConfigurationText of(List<ResolvedValue> resolved) {
    SortedMap<String, String> values = new TreeMap<>();
    resolved.forEach(value -> values.put(value.key(), value.value()));
    return new ConfigurationText(values);
  }

  /**
   * Reads what {@link #toString} wrote.
   *
   * @throws IllegalArgumentException if a line is not {@code key = value}
   */
  public static ConfigurationText parse(String text) {
    SortedMap<String, String> values = new TreeMap<>();
    for (String line : text.lines().toList()) {
      int equals = line.indexOf(" = ");
      if (equals < 0) {
        throw new IllegalArgumentException("line=%s, expected key = value".formatted(line));
      }
      values.put(line.substring(0, equals), line.substring(equals + " = ".length()));
    }
    return new ConfigurationText(values);
  }

  /** The part that a run must have in common with the one that it continues. */
  public ConfigurationText decisive() {
    SortedMap<String, String> decisive = new TreeMap<>(values);
    decisive.keySet().removeIf(ConfigurationText::isFreeOnResume);
    decisive.putIfAbsent(MODE, SYNCHRONOUS);
    if (decisive.get(MODE).equals(SYNCHRONOUS)) {
      decisive.keySet().removeIf(key -> key.startsWith(SHARING_KEYS));
    }
    return new ConfigurationText(decisive);
  }

  /**
   * What keeps a run of {@code this} from going on with {@code now}: {@code key: old -> new} for
   * each key that matters and differs. Keys that only one of two modes has are not named beside the
   * modes.
   */
  public List<String> resumeDifferences(ConfigurationText now) {
    SortedMap<String, String> old = decisive().values;
    SortedMap<String, String> current = now.decisive().values;
    Set<String> keys = new TreeSet<>(old.keySet());
    keys.addAll(current.keySet());
    if (!old.get(MODE).equals(current.get(MODE))) {
      keys.removeIf(key -> key.startsWith(SHARING_KEYS));
    }
    List<String> differences = new ArrayList<>();
    for (String key : keys) {
      String before = old.getOrDefault(key, ABSENT);
      String after = current.getOrDefault(key, ABSENT);
      if (!before.equals(after)) {
        differences.add("%s: %s -> %s".formatted(key, before, after));
      }
    }
    return differences;
  }

  /** The SHA-256 of the text in UTF-8, in lower-case hexadecimal. */
  public String sha256() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(toString().getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-256", e);
    }
  }

  @Override
  public String toString() {
    return values.entrySet().stream()
        .map(entry -> entry.getKey() + " = " + entry.getValue() + "\n")
        .collect(Collectors.joining());
  }

  private static boolean isFreeOnResume(String key) {
    return FREE_ON_RESUME.stream()
        .anyMatch(free -> free.endsWith(".") ? key.startsWith(free) : key.equals(free));
  }
}
