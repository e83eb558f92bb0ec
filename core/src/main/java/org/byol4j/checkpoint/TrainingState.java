package org.byol4j.checkpoint;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Everything that a run needs to go on as if it had not stopped, as one replica holds it: of the
 * sections only what it owns.
 *
 * @param step how many optimizer steps are done
 * @param epoch the epoch that the next step belongs to, counted from 0
 * @param identity what must be the same for the run to go on
 * @param layout the tables that lay out the sections
 * @param counters what else goes on counting, by name, such as the unhealthy looks in a row
 * @param algorithms what each replica's device had chosen by measuring, by rank; none where devices
 *     measure nothing
 * @param owned what this replica owns of every section; the values must not change while the state
 *     is written. {@link Section#RESIDUAL} may be missing, where there is none.
 */
public record TrainingState(
    long step,
    int epoch,
    RunIdentity identity,
    StateLayout layout,
    Map<String, Long> counters,
    List<Algorithms> algorithms,
    Map<Section, OwnedRange> owned) {

  /**
   * Takes a state, not a copy of the values that are owned.
   *
   * @throws IllegalArgumentException if step or epoch is below 0, a section other than {@link
   *     Section#RESIDUAL} is missing, or a section's length is not what the layout says
   */
  public TrainingState {
    if (step < 0 || epoch < 0) {
      throw new IllegalArgumentException(
          "step=%d epoch=%d, expected neither below 0".formatted(step, epoch));
    }
    counters = Collections.unmodifiableSortedMap(new TreeMap<>(counters));
    algorithms = List.copyOf(algorithms);
    Map<Section, OwnedRange> all = new EnumMap<>(owned);
    all.putIfAbsent(Section.RESIDUAL, OwnedRange.nothing(0));
    owned = Collections.unmodifiableMap(all);
    for (Section section : Section.values()) {
      if (!owned.containsKey(section)) {
        throw new IllegalArgumentException("section=%s is missing".formatted(section.key()));
      }
      String fault = layout.faultOf(section, owned.get(section).sectionLength());
      if (!fault.isEmpty()) {
        throw new IllegalArgumentException("section=%s has %s".formatted(section.key(), fault));
      }
    }
  }
}
