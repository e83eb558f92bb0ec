package org.byol4j.doctor;

import java.util.List;
import java.util.OptionalLong;
import org.byol4j.device.HostMemory;

/** Whether the heap leaves room for networks, whose memory is native. */
final class MemoryCheck {
  /** What a small network and the JVM itself take beside the heap. */
  private static final long SMALLEST_REST = 1L << 30;

  /**
   * What there is to know.
   *
   * @param heapBytes the most that the heap may take
   * @param machineBytes memory of the machine; empty if it does not say
   * @param freeBytes what of it nobody needs now
   * @param limitBytes the control group's limit, as containers have one
   */
  record Facts(
      long heapBytes, OptionalLong machineBytes, OptionalLong freeBytes, OptionalLong limitBytes) {

    static Facts of(HostMemory memory) {
      return new Facts(
          Runtime.getRuntime().maxMemory(),
          memory.machineBytes(),
          memory.freeBytes(),
          memory.limitBytes());
    }

    private long usableBytes() {
      long machine = machineBytes.orElse(Long.MAX_VALUE);
      return Math.min(machine, limitBytes.orElse(Long.MAX_VALUE));
    }
  }

  private MemoryCheck() {}

  static List<Finding> findings(Facts facts) {
    long usable = facts.usableBytes();
    String state =
        "heap=%s machine=%s free=%s limit=%s"
            .formatted(
                Amounts.gibibytes(facts.heapBytes),
                text(facts.machineBytes),
                text(facts.freeBytes),
                facts.limitBytes.isPresent() ? text(facts.limitBytes) : "none");
    if (usable - facts.heapBytes < SMALLEST_REST) {
      return List.of(
          Finding.warning(
              "memory",
              state,
              "leave memory beside the heap, where networks and images are: a smaller -Xmx"
                  + " (BYOL4J_JAVA_OPTS, spark.driver.memory, spark.executor.memory), or in"
                  + " containers more spark.executor.memoryOverhead"));
    }
    if (facts.freeBytes.isPresent() && facts.freeBytes.getAsLong() < SMALLEST_REST) {
      return List.of(Finding.warning("memory", state, "end what else uses this machine's memory"));
    }
    return List.of(Finding.fine("memory", state));
  }

  private static String text(OptionalLong bytes) {
    return bytes.isPresent() ? Amounts.gibibytes(bytes.getAsLong()) : "unknown";
  }
}
