package org.byol4j.doctor;

import java.util.List;
import java.util.OptionalLong;
import org.byol4j.device.HostMemory;
import org.byol4j.train.ReplicaMemory;

/** Whether there is memory for networks, which is native, beside the heap. */
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
   * @param swapBytes swap space of the machine
   */
  record Facts(
      long heapBytes,
      OptionalLong machineBytes,
      OptionalLong freeBytes,
      OptionalLong limitBytes,
      long swapBytes) {

    static Facts of(HostMemory memory) {
      return new Facts(
          Runtime.getRuntime().maxMemory(),
          memory.machineBytes(),
          memory.freeBytes(),
          memory.limitBytes(),
          memory.swapBytes());
    }

    private long usableBytes() {
      long machine = machineBytes.orElse(Long.MAX_VALUE);
      return Math.min(machine, limitBytes.orElse(Long.MAX_VALUE));
    }
  }

  private MemoryCheck() {}

  /**
   * The findings where replicas compute on this machine's processors.
   *
   * @param replica what each of them takes
   * @param replicas how many are here
   */
  static List<Finding> findings(Facts facts, ReplicaMemory replica, int replicas) {
    long all = replica.bytes() * replicas;
    long usable = facts.usableBytes();
    String state =
        "%s of each replica for %d images at a time (activations %s, weights and gradients %s), replicas here=%d: %s; %s"
            .formatted(
                Amounts.gibibytes(replica.bytes()),
                replica.images(),
                Amounts.gibibytes(replica.activationBytes()),
                Amounts.gibibytes(replica.parameterBytes()),
                replicas,
                Amounts.gibibytes(all),
                state(facts));
    String advice =
        ("at most %d images at a time on each: a smaller train.batch-size, more train.micro-batches,"
                + " or more cluster.replicas, but fewer on a machine; or a machine or container with"
                + " more memory")
            .formatted(replica.imagesWithin(usable / replicas));
    if (usable < Long.MAX_VALUE && all > usable + facts.swapBytes) {
      return List.of(Finding.fault("memory", state, advice));
    }
    if (all > usable || all > facts.freeBytes.orElse(Long.MAX_VALUE)) {
      return List.of(Finding.warning("memory", state, "end what else uses memory; or " + advice));
    }
    Finding rest = findings(facts).get(0);
    return List.of(new Finding("memory", rest.level(), state, rest.advice()));
  }

  /** The findings where replicas take their memory elsewhere, such as on GPUs. */
  static List<Finding> findings(Facts facts) {
    long usable = facts.usableBytes();
    String state = state(facts);
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

  private static String state(Facts facts) {
    return "heap=%s machine=%s free=%s limit=%s"
        .formatted(
            Amounts.gibibytes(facts.heapBytes),
            text(facts.machineBytes),
            text(facts.freeBytes),
            facts.limitBytes.isPresent() ? text(facts.limitBytes) : "none");
  }

  private static String text(OptionalLong bytes) {
    return bytes.isPresent() ? Amounts.gibibytes(bytes.getAsLong()) : "unknown";
  }
}
