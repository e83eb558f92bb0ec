package org.byol4j.train;

import java.util.Map;
import java.util.TreeMap;
import org.byol4j.checkpoint.Attempt;
import org.byol4j.checkpoint.Checkpoint;
import org.byol4j.checkpoint.CheckpointWriter;
import org.byol4j.checkpoint.Retries;
import org.byol4j.checkpoint.TrainingState;
import org.byol4j.collective.Collective;
import org.byol4j.device.Device;

/**
 * The checkpoints of a run, as one replica sees them: it writes what it owns, and takes over what
 * it needs. All replicas call the same methods.
 */
final class RunCheckpoints {
  private static final String UNHEALTHY_LOOKS = "unhealthy-looks";
  private static final String SHARDS = "shards";

  /** The bits of a double, so that nothing is rounded. */
  private static final String THRESHOLD_BITS = "gradient-sharing-threshold-bits";

  private final RunPlan plan;
  private final RunState states;
  private final CheckpointWriter writer;
  private final RunAlgorithms algorithms;

  RunCheckpoints(RunPlan plan, Device device, Collective collective, Attempt attempt) {
    RunSettings settings = plan.settings();
    this.plan = plan;
    this.states = new RunState(plan.architecture(), device, collective.rank(), collective.size());
    this.algorithms = new RunAlgorithms(device, collective);
    this.writer =
        new CheckpointWriter(
            settings.out().checkpoints(),
            settings.checkpoint(),
            Retries.standard(),
            attempt,
            collective);
  }

  /**
   * Writes a checkpoint of the state after {@code step} steps; see {@link CheckpointWriter#write}.
   *
   * @param unhealthyLooks how many looks in a row were unhealthy; what rank 0 says counts
   * @return the checkpoint's folder
   */
  String write(long step, Replica replica, int unhealthyLooks) {
    return writer.write(
        new TrainingState(
            step,
            plan.shards().epochOf(step),
            plan.identity(),
            RunState.layout(plan.architecture()),
            counters(replica, unhealthyLooks),
            algorithms.ofAll(),
            states.owned(replica)));
  }

  private Map<String, Long> counters(Replica replica, int unhealthyLooks) {
    Map<String, Long> counters = new TreeMap<>();
    counters.put(UNHEALTHY_LOOKS, (long) unhealthyLooks);
    counters.put(SHARDS, (long) plan.shards().shards());
    replica
        .encoder()
        .ifPresent(
            encoder ->
                counters.put(THRESHOLD_BITS, Double.doubleToRawLongBits(encoder.threshold())));
    return counters;
  }

  /** Takes a checkpoint over; see {@link RunState#restore}. */
  void restore(Checkpoint checkpoint, Replica replica) {
    states.restore(checkpoint, replica);
    Map<String, Long> counters = checkpoint.manifest().counters();
    // a run that begins with an imported backbone has shared no gradient yet
    if (counters.containsKey(THRESHOLD_BITS)) {
      double threshold = Double.longBitsToDouble(counters.get(THRESHOLD_BITS));
      replica.encoder().ifPresent(encoder -> encoder.takeThreshold(threshold));
    }
  }

  /** How many looks in a row were unhealthy when a checkpoint was written. */
  static int unhealthyLooks(Map<String, Long> counters) {
    return Math.toIntExact(counters.getOrDefault(UNHEALTHY_LOOKS, 0L));
  }

  /** The number of shards that a checkpoint's run deals its images into; 0 if it does not say. */
  static long shards(Map<String, Long> counters) {
    return counters.getOrDefault(SHARDS, 0L);
  }
}
