package org.byol4j.nn;

import java.util.ArrayList;
import java.util.List;
import org.byol4j.parameters.ParameterTable;
import org.byol4j.parameters.Slice;
import org.byol4j.parameters.Slice.Kind;

/** Collects what the layers of a network declare. */
final class Declarations {

  private final List<Slice> slices = new ArrayList<>();
  private final List<RunningRange> running = new ArrayList<>();

  void parameter(String name, Kind kind, Integer... shape) {
    long offset = slices.isEmpty() ? 0 : slices.get(slices.size() - 1).end();
    slices.add(new Slice(name, kind, List.of(shape), offset));
  }

  void runningStatistics(String name, int channels) {
    int offset = running.isEmpty() ? 0 : running.get(running.size() - 1).end();
    running.add(new RunningRange(name, channels, offset));
  }

  ParameterTable parameters() {
    return new ParameterTable(slices);
  }

  List<RunningRange> running() {
    return List.copyOf(running);
  }
}
