package org.byol4j.data;

/** Which images a batch holds, and where it stands in the run. */
final class BatchRows {
  private final int slot;
  private final int[] ids;
  private long step;
  private int epoch;
  private int microBatch;

  /**
   * @param slot of the ring
   * @param rows how many images
   */
  BatchRows(int slot, int rows) {
    this.slot = slot;
    this.ids = new int[rows];
  }

  int slot() {
    return slot;
  }

  int count() {
    return ids.length;
  }

  int id(int row) {
    return ids[row];
  }

  long step() {
    return step;
  }

  int epoch() {
    return epoch;
  }

  int microBatch() {
    return microBatch;
  }

  void begin(ReplicaOrder order, long newStep, int newEpoch, int newMicroBatch) {
    step = newStep;
    epoch = newEpoch;
    microBatch = newMicroBatch;
    order.ids(newStep, newMicroBatch, ids);
  }
}
