package org.byol4j.data;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * One replica's batches in the order of its steps, filled ahead by worker threads.
 *
 * @param <B> what a batch is
 */
final class BatchRing<B> implements AutoCloseable {

  /**
   * One thread's means of filling rows.
   *
   * @param <B> what a batch is
   */
  interface Filler<B> extends AutoCloseable {
    void fill(B batch, int row);

    @Override
    void close();
  }

  private final ShardPlan plan;
  private final long startStep;
  private final ReplicaOrder order;
  private final List<BatchRows> rows = new ArrayList<>();
  private final List<B> batches = new ArrayList<>();
  private final WorkRing ring;

  /**
   * A ring whose threads begin at once; {@link BatchLoader} and {@link PixelLoader} say what the
   * arguments are.
   *
   * @param newBatch makes a batch for such rows, before any thread begins
   * @param newFiller called by each thread
   */
  BatchRing(
      DataSettings settings,
      ShardPlan plan,
      int rank,
      int size,
      long startStep,
      long endStep,
      Function<BatchRows, B> newBatch,
      Supplier<Filler<B>> newFiller) {
    this.plan = plan;
    this.startStep = startStep;
    this.order = new ReplicaOrder(plan, rank, size);
    int slots = settings.prefetch() + 1;
    for (int slot = 0; slot < slots; slot++) {
      rows.add(new BatchRows(slot, order.rows()));
      batches.add(newBatch.apply(rows.get(slot)));
    }
    this.ring =
        new WorkRing(
            "views-of-replica-" + rank,
            settings.workers(),
            slots,
            (endStep - startStep) * plan.microBatches(),
            new WorkRing.Work() {
              @Override
              public int begin(int slot, long sequence) {
                return beginBatch(slot, sequence);
              }

              @Override
              public WorkRing.Worker newWorker() {
                return new BatchWorker(newFiller.get());
              }
            });
  }

  B take() {
    return batches.get(ring.take());
  }

  boolean isReady() {
    return ring.isReady();
  }

  void release(BatchRows batch) {
    ring.release(batch.slot());
  }

  long waitedNanos() {
    return ring.waitedNanos();
  }

  @Override
  public void close() {
    ring.close();
  }

  private int beginBatch(int slot, long sequence) {
    long step = startStep + sequence / plan.microBatches();
    int microBatch = (int) (sequence % plan.microBatches());
    rows.get(slot).begin(order, step, plan.epochOf(step), microBatch);
    return rows.get(slot).count();
  }

  private final class BatchWorker implements WorkRing.Worker {
    private final Filler<B> filler;

    BatchWorker(Filler<B> filler) {
      this.filler = filler;
    }

    @Override
    public void fill(int slot, int row) {
      filler.fill(batches.get(slot), row);
    }

    @Override
    public void close() {
      filler.close();
    }
  }
}
