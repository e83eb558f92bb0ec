package org.byol4j.data;

/**
 * The ids of one replica, step by step; it holds its shards' orders of one epoch at a time.
 *
 * <p>Confined to one thread, or guarded by its owner.
 */
final class ReplicaOrder {
  private final ShardPlan plan;
  private final int firstShard;
  private final int[][] orders;
  private int epoch = -1;

  /**
   * The order of replica {@code rank} of {@code size}.
   *
   * @throws IllegalArgumentException if there are more replicas than shards
   */
  ReplicaOrder(ShardPlan plan, int rank, int size) {
    plan.checkReplicas(size);
    this.plan = plan;
    this.firstShard = plan.firstShard(rank, size);
    this.orders = new int[plan.firstShard(rank + 1, size) - firstShard][];
  }

  /** How many rows each micro-batch has. */
  int rows() {
    return orders.length * plan.rowsPerShard();
  }

  /** Writes the ids of one micro-batch to {@code ids[0 .. rows())}. */
  void ids(long step, int microBatch, int[] ids) {
    int wanted = plan.epochOf(step);
    if (wanted != epoch) {
      for (int i = 0; i < orders.length; i++) {
        orders[i] = plan.order(wanted, firstShard + i);
      }
      epoch = wanted;
    }
    int perShard = plan.rowsPerShard();
    int stepOfEpoch = Math.toIntExact(step % plan.stepsPerEpoch());
    int from = (stepOfEpoch * plan.microBatches() + microBatch) * perShard;
    for (int i = 0; i < orders.length; i++) {
      System.arraycopy(orders[i], from, ids, i * perShard, perShard);
    }
  }
}
