package org.byol4j.device.cuda;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Chooses the way to compute each convolution: the one that was used before where a run goes on,
 * else the one on record, else the fastest of the few that each library likes best. What is chosen
 * goes on record before it is used, if nothing was there.
 *
 * @param <P> what is started: {@link Gpu.ConvolutionPlan} or {@link Gpu.MaskedPlan}
 */
final class ConvolutionWays<P> implements AutoCloseable {

  /** How many ways of each library are tried. */
  private static final int CANDIDATES = 4;

  /** Something that knows ways. */
  interface Library<P> extends AutoCloseable {

    /** Its best ways, best first, at most so many; the caller closes them. */
    List<Way<P>> ways(ConvolutionProblem problem, int most);

    /** The way of that name, if that can be made; the caller closes it. */
    Optional<Way<P>> way(ConvolutionProblem problem, String name);

    @Override
    void close();
  }

  /** A way to compute one problem, ready to run. */
  interface Way<P> extends AutoCloseable {

    /** The same for the same way on the same GPU and versions; no other library has it. */
    String name();

    /**
     * A plan of its own for each user; it lives as long as the way.
     *
     * @param ground the user's, where what the way is made of may be tried
     */
    P plan(TrialGround ground);

    @Override
    void close();
  }

  /** Something that finds the fastest of plans, by name, for a problem. */
  @FunctionalInterface
  interface Trials<P> {
    String fastest(ConvolutionProblem problem, Map<String, P> plans, TrialGround ground);
  }

  private final List<Library<P>> libraries;
  private final PlanRecord record;
  private final Trials<P> trials;
  private final Map<ConvolutionProblem, Way<P>> chosen = new HashMap<>();
  private final Map<String, String> preferred = new HashMap<>();

  /**
   * @param libraries of equally fast ways that of the first is taken; closed with this
   */
  ConvolutionWays(List<Library<P>> libraries, PlanRecord record, Trials<P> trials) {
    this.libraries = List.copyOf(libraries);
    this.record = record;
    this.trials = trials;
  }

  /** Prefers the ways of these names, by {@link ConvolutionProblem#key}, to those on record. */
  void prefer(Map<String, String> names) {
    preferred.putAll(names);
  }

  /** The names of the ways that were chosen, by {@link ConvolutionProblem#key}. */
  Map<String, String> names() {
    Map<String, String> names = new HashMap<>();
    chosen.forEach((problem, way) -> names.put(problem.key(), way.name()));
    return names;
  }

  /**
   * A plan of the way that counts for a problem.
   *
   * @param ground where ways are tried, if none was chosen before
   * @throws UnsupportedOperationException if there is none that runs
   * @throws IllegalStateException if the one on record cannot be made
   * @throws OutOfMemoryError if there is no memory to try any
   */
  P plan(ConvolutionProblem problem, TrialGround ground) {
    Way<P> way = chosen.get(problem);
    if (way == null) {
      way = preferred(problem).orElseGet(() -> recorded(problem, ground));
      chosen.put(problem, way);
    }
    return way.plan(ground);
  }

  private Way<P> recorded(ConvolutionProblem problem, TrialGround ground) {
    return record.way(problem, () -> fastest(problem, ground), name -> made(problem, name));
  }

  /** The way that a run used before, if it can be made; others on this machine take it too. */
  private Optional<Way<P>> preferred(ConvolutionProblem problem) {
    Optional<Way<P>> way =
        Optional.ofNullable(preferred.get(problem.key())).flatMap(name -> made(problem, name));
    way.ifPresent(found -> record.keep(problem, found.name()));
    return way;
  }

  private Optional<Way<P>> made(ConvolutionProblem problem, String name) {
    return libraries.stream()
        .map(library -> library.way(problem, name))
        .filter(Optional::isPresent)
        .map(Optional::get)
        .findFirst();
  }

  private String fastest(ConvolutionProblem problem, TrialGround ground) {
    List<Way<P>> candidates = new ArrayList<>();
    try {
      libraries.forEach(library -> candidates.addAll(library.ways(problem, CANDIDATES)));
      Map<String, P> plans = new LinkedHashMap<>();
      candidates.forEach(way -> plans.put(way.name(), way.plan(ground)));
      return trials.fastest(problem, plans, ground);
    } finally {
      candidates.forEach(Way::close);
    }
  }

  @Override
  public void close() {
    chosen.values().forEach(Way::close);
    libraries.forEach(Library::close);
  }
}
