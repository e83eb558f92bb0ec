package org.byol4j.config;

import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Finds the keys that mean nothing, and names the nearest that mean something. */
final class UnknownKeys {
  private static final String SPARK = "spark";
  private static final String CLUSTER_SPARK = "cluster.spark";

  /** Up to this edit distance two names are spellings of one. */
  private static final int SAME_NAME = 1;

  private static final int OTHER_SECTION = 3;

  /** A key is meant by another one if at most one in so many of its characters is wrong. */
  private static final int SHARE_MEANT = 2;

  private final Set<String> known;
  private final Set<String> open;
  private final List<Fault> faults = new ArrayList<>();
  private final Set<ConfigValue> seen = Collections.newSetFromMap(new IdentityHashMap<>());

  private UnknownKeys(Set<String> known, Set<String> open) {
    this.known = known;
    this.open = open;
  }

  /**
   * The faults of {@code root}.
   *
   * @param known all keys that mean something
   * @param open sections in which any key may stand
   */
  static List<Fault> in(ConfigObject root, Set<String> known, Set<String> open) {
    UnknownKeys keys = new UnknownKeys(known, open);
    keys.search(List.of(), root);
    return keys.faults;
  }

  private void search(List<String> path, ConfigObject object) {
    for (Map.Entry<String, ConfigValue> entry : new TreeMap<>(object).entrySet()) {
      List<String> names = new ArrayList<>(path);
      names.add(entry.getKey());
      String key = ConfigUtil.joinPath(names);
      ConfigValue value = entry.getValue();
      if (known.contains(key) || open.contains(key)) {
        continue;
      }
      if (value instanceof ConfigObject section && !section.isEmpty()) {
        search(names, section);
        continue;
      }
      // a view that inherits an unknown key has no fault of its own
      if (seen.add(value)) {
        faults.add(fault(key, value));
      }
    }
  }

  private Fault fault(String key, ConfigValue value) {
    String shown = Values.shown(value);
    String place = Values.place(value);
    if (isBelow(key, SPARK)) {
      return new Fault(
          key, shown, "is Spark's, whose properties go under " + CLUSTER_SPARK, place, "");
    }
    if (known.stream().anyMatch(other -> isBelow(other, key))) {
      List<String> inside = known.stream().filter(other -> isBelow(other, key)).sorted().toList();
      return new Fault(
          key, shown, "is a section, not a value", place, "keys such as " + inside.get(0));
    }
    return new Fault(key, shown, "is not a key" + nearest(key), place, "");
  }

  /** Says which known key is the nearest, if one is near enough to be meant. */
  private String nearest(String key) {
    return known.stream()
        .filter(other -> SHARE_MEANT * distance(key, other) <= key.length())
        .min(Comparator.comparingInt((String other) -> distance(key, other)).thenComparing(o -> o))
        .map(other -> "; the nearest is " + other)
        .orElse("");
  }

  private static boolean isBelow(String key, String section) {
    return key.equals(section) || key.startsWith(section + ".");
  }

  /** The edit distance; a name in a wrong section is near, however the sections are called. */
  private static int distance(String key, String other) {
    int names = editDistance(lastName(key), lastName(other));
    int whole = editDistance(key, other);
    return names <= SAME_NAME ? Math.min(whole, names + OTHER_SECTION) : whole;
  }

  private static String lastName(String key) {
    return key.substring(key.lastIndexOf('.') + 1);
  }

  /** Insertions, deletions and replacements that lead from {@code a} to {@code b} (Levenshtein). */
  static int editDistance(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] current = new int[b.length() + 1];
      current[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replaced, 1 + Math.min(previous[j], current[j - 1]));
      }
      previous = current;
    }
    return previous[b.length()];
  }
}
