package org.byol4j.train;

import java.util.Map;
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

  private final RunPlan plan;
  private final RunState states;
  private final CheckpointWriter writer;

  RunCheckpoints(RunPlan plan, Device device, Collective collective, Attempt attempt) {
    RunSettings settings = plan.settings();
    this.plan = plan;
    this.states = new RunState(plan.architecture(), device, collective.rank());
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
            Map.of(UNHEALTHY_LOOKS, (long) unhealthyLooks, SHARDS, (long) plan.shards().shards()),
            states.owned(replica)));
  }

  /** Takes a checkpoint over; see {@link RunState#restore}. */
  void restore(Checkpoint checkpoint, Replica replica) {
    states.restore(checkpoint, replica);
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
