package org.byol4j.doctor;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/** What computes on a CPU: its instructions, and its share for this process. */
final class ProcessorCheck {
  private static final Set<String> SAID =
      Set.of("avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_tile");

  /**
   * What there is to know.
   *
   * @param processors how many this process may use, as the JVM counts them
   * @param limit how many processors' time the control group has; 0 for no limit
   */
  record Facts(String name, List<String> flags, int processors, double limit) {
    Facts {
      flags = List.copyOf(flags);
    }

    static Facts of(SystemFiles files) {
      return new Facts(
          files.processor(),
          files.processorFlags(),
          Runtime.getRuntime().availableProcessors(),
          files.processorLimit());
    }
  }

  private ProcessorCheck() {}

  /**
   * @param threads what each replica computes with
   * @param replicas how many are on this machine
   * @param isOnCpu whether the network is computed here and not on a GPU
   */
  static List<Finding> findings(Facts facts, int threads, int replicas, boolean isOnCpu) {
    return List.of(instructions(facts, isOnCpu), share(facts, threads, replicas));
  }

  private static Finding instructions(Facts facts, boolean isOnCpu) {
    List<String> known = facts.flags.stream().filter(SAID::contains).sorted().toList();
    String state =
        "%s, %s"
            .formatted(
                facts.name.isEmpty() ? "unknown processor" : facts.name,
                known.isEmpty() ? "no AVX" : String.join(" ", known));
    return isOnCpu && !known.contains("avx2")
        ? Finding.warning(
            "processor", state, "compute on a machine with AVX2 at least: without, steps take long")
        : Finding.fine("processor", state);
  }

  private static Finding share(Facts facts, int threads, int replicas) {
    double usable = facts.limit > 0 ? Math.min(facts.limit, facts.processors) : facts.processors;
    String state =
        String.format(
            Locale.ROOT,
            "compute.threads=%d replicas here=%d processors=%d limit=%s",
            threads,
            replicas,
            facts.processors,
            facts.limit > 0 ? String.format(Locale.ROOT, "%.1f", facts.limit) : "none");
    long wanted = (long) threads * replicas;
    if (wanted > usable) {
      return Finding.warning(
          "threads",
          state,
          "threads wait for each other where there are more than processors: a smaller"
              + " compute.threads, fewer replicas here, or a larger limit on this container");
    }
    if (wanted * 2 <= usable) {
      return Finding.warning(
          "threads", state, "processors stand idle: compute.threads=" + (int) (usable / replicas));
    }
    return Finding.fine("threads", state);
  }
}
