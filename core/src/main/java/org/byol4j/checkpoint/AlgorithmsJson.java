package org.byol4j.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The part of a manifest that says by which algorithms each replica computed: once for all replicas
 * that had the same. It is left out where no device measures, so that such manifests stay as they
 * were before there was this part.
 */
final class AlgorithmsJson {
  private static final String KEY = "algorithms";

  private AlgorithmsJson() {}

  /** Adds the part to a manifest, if there is anything to say. */
  static void write(List<Algorithms> byRank, ObjectNode manifest) {
    Map<Algorithms, List<Integer>> ranks = new LinkedHashMap<>();
    for (int rank = 0; rank < byRank.size(); rank++) {
      ranks.computeIfAbsent(byRank.get(rank), key -> new ArrayList<>()).add(rank);
    }
    if (ranks.isEmpty()) {
      return;
    }
    ArrayNode all = manifest.putArray(KEY);
    ranks.forEach(
        (algorithms, holders) -> {
          ObjectNode node = all.addObject();
          holders.forEach(node.putArray("ranks")::add);
          node.put("machine", algorithms.machine());
          algorithms.names().forEach(node.putObject("names")::put);
        });
  }

  /**
   * Reads the part, by rank.
   *
   * @param name how messages name the file
   * @throws CheckpointException if a rank is there twice or missing
   */
  static List<Algorithms> read(JsonFields manifest, String name) {
    Map<Integer, Algorithms> byRank = new TreeMap<>();
    for (JsonFields node : manifest.has(KEY) ? manifest.objects(KEY) : List.<JsonFields>of()) {
      Algorithms algorithms = new Algorithms(node.text("machine"), node.object("names").texts());
      for (long rank : node.integers("ranks", 0, Integer.MAX_VALUE)) {
        if (byRank.put((int) rank, algorithms) != null) {
          throw new CheckpointException("%s: %s of rank=%d twice".formatted(name, KEY, rank));
        }
      }
    }
    List<Algorithms> all = new ArrayList<>();
    byRank.forEach(
        (rank, algorithms) -> {
          if (rank != all.size()) {
            throw new CheckpointException(
                "%s: %s of rank=%d missing".formatted(name, KEY, all.size()));
          }
          all.add(algorithms);
        });
    return all;
  }
}
