package org.byol4j.train;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.byol4j.checkpoint.Algorithms;
import org.byol4j.collective.ByteGather;
import org.byol4j.collective.Collective;
import org.byol4j.device.Choices;
import org.byol4j.device.Device;

/**
 * Carries what the replicas' devices have chosen by measuring from one part of a run to the next:
 * rank {@code r} goes on as rank {@code r} did before. All replicas call the same methods; nothing
 * is exchanged where devices measure nothing.
 */
final class RunAlgorithms {
  private static final String LINE = "\n";
  private static final String BETWEEN = "\t";

  private final Device device;
  private final Collective collective;

  RunAlgorithms(Device device, Collective collective) {
    this.device = device;
    this.collective = collective;
  }

  /** What every replica's device has chosen so far, by rank; none where devices measure nothing. */
  List<Algorithms> ofAll() {
    Choices mine = device.choices();
    if (mine.machine().isEmpty()) {
      return List.of();
    }
    return gather(text(mine)).stream().map(RunAlgorithms::parsed).toList();
  }

  /** Has this replica's device go on as that of its rank did; before any operation is made. */
  void prefer(List<Algorithms> before) {
    ofThisRank(before)
        .ifPresent(earlier -> device.prefer(new Choices(earlier.machine(), earlier.names())));
  }

  /**
   * What replicas compute otherwise than before, once their operations are made: a warning for each
   * of them.
   */
  List<String> differencesFrom(List<Algorithms> before) {
    Choices mine = device.choices();
    if (mine.machine().isEmpty() || before.isEmpty()) {
      return List.of();
    }
    String difference = ofThisRank(before).map(earlier -> difference(mine, earlier)).orElse("");
    List<String> warnings = new ArrayList<>();
    List<String> all = gather(difference);
    for (int rank = 0; rank < all.size(); rank++) {
      if (!all.get(rank).isEmpty()) {
        warnings.add(
            "resumed, but not to the bit: rank=%d computes by other algorithms: %s"
                .formatted(rank, all.get(rank)));
      }
    }
    return warnings;
  }

  private static String difference(Choices mine, Algorithms earlier) {
    if (!mine.machine().equals(earlier.machine())) {
      return "they were chosen on %s, checkpoint has those of %s"
          .formatted(mine.machine(), earlier.machine());
    }
    List<String> others = new ArrayList<>();
    mine.ways()
        .forEach(
            (problem, way) -> {
              String before = earlier.names().getOrDefault(problem, way);
              if (!before.equals(way)) {
                others.add("%s=%s, checkpoint has %s".formatted(problem, way, before));
              }
            });
    return others.isEmpty() ? "" : "number=%d first %s".formatted(others.size(), others.get(0));
  }

  /** Where there are more replicas than before, ranks go on as others did. */
  private Optional<Algorithms> ofThisRank(List<Algorithms> before) {
    return before.isEmpty()
        ? Optional.empty()
        : Optional.of(before.get(collective.rank() % before.size()));
  }

  /** Texts of all replicas, by rank. */
  private List<String> gather(String mine) {
    byte[] bytes = mine.getBytes(StandardCharsets.UTF_8);
    double[] lengths = new double[collective.size()];
    collective.allGather(new double[] {bytes.length}, lengths);
    int longest = (int) Arrays.stream(lengths).max().orElse(0);
    return ByteGather.of(collective, bytes, longest).stream()
        .map(text -> StandardCharsets.UTF_8.decode(ByteBuffer.wrap(text)).toString())
        .toList();
  }

  private static String text(Choices choices) {
    StringBuilder text = new StringBuilder(choices.machine());
    choices.ways().forEach((problem, way) -> text.append(LINE + problem + BETWEEN + way));
    return text.toString();
  }

  private static Algorithms parsed(String text) {
    String[] lines = text.split(LINE, -1);
    Map<String, String> names = new TreeMap<>();
    for (String line : Arrays.asList(lines).subList(1, lines.length)) {
      String[] words = line.split(BETWEEN, 2);
      names.put(words[0], words[1]);
    }
    return new Algorithms(lines[0], names);
  }
}
