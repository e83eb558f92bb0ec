package org.byol4j.data;

import org.byol4j.augment.AugmentSettings;
import org.byol4j.augment.ViewMaker;
import org.byol4j.image.Image;

/**
 * Makes one replica's batches ahead of its steps: worker threads decode images of a store and draw
 * both views of each.
 *
 * <p>What a batch holds is a function of the store, the settings, the plan, the rank and the step
 * alone: the same bits for any number of workers, and after a restart at any step. Batches are
 * taken and released by one thread; at most one is taken at a time, {@code settings.prefetch()}
 * more are made ahead. The loader owns its threads and the memory of all batches.
 */
public final class BatchLoader implements AutoCloseable {
  private final FloatMemory memory = new FloatMemory();
  private final BatchRing<Batch> ring;

  /**
   * A loader that starts at once.
   *
   * @param store where the images are; not closed
   * @param rank the replica, of {@code size}
   * @param startStep the first optimizer step that batches are made for
   * @param endStep the step behind the last one
   * @throws IllegalArgumentException if there are more replicas than shards, or a batch has more
   *     rows than a buffer can hold
   * @throws OutOfMemoryError if the memory of {@code settings.prefetch() + 1} batches is not to be
   *     had
   */
  public BatchLoader(
      ImageStore store,
      DataSettings settings,
      AugmentSettings augment,
      ShardPlan plan,
      int rank,
      int size,
      long startStep,
      long endStep) {
    int rowLength = augment.size() * augment.size() * Image.CHANNELS;
    this.ring =
        new BatchRing<>(
            settings,
            plan,
            rank,
            size,
            startStep,
            endStep,
            rows ->
                new Batch(
                    rows,
                    memory.allocate(rows.count(), rowLength),
                    memory.allocate(rows.count(), rowLength)),
            () -> new ViewFiller(store, augment, plan.seed()));
  }

  /**
   * Waits for the next batch and hands it over; batches come in the order of steps and, within a
   * step, of micro-batches.
   *
   * @throws DataException if an image of the batch cannot be decoded, naming it
   * @throws IllegalStateException if the loader is closed, its last batch was taken, or the thread
   *     is interrupted, which it stays
   */
  public Batch take() {
    return ring.take();
  }

  /** Gives back a batch that was taken; its views are then made anew. */
  public void release(Batch batch) {
    ring.release(batch.place());
  }

  /** How long {@link #take} has waited for data since the start, in nanoseconds. */
  public long waitedNanos() {
    return ring.waitedNanos();
  }

  /**
   * Ends the threads, each after the image that it is at, and frees the memory of all batches. From
   * another thread it also ends a {@link #take} that waits.
   */
  @Override
  public synchronized void close() {
    ring.close();
    memory.close();
  }

  /** One thread's working memory. */
  private static final class ViewFiller implements BatchRing.Filler<Batch> {
    private final StoredImages images;
    private final ViewMaker views;
    private final long seed;

    ViewFiller(ImageStore store, AugmentSettings augment, long seed) {
      this.images = new StoredImages(store);
      this.views = new ViewMaker(augment);
      this.seed = seed;
    }

    @Override
    public void fill(Batch batch, int row) {
      int id = batch.id(row);
      Image image = images.decode(id);
      int offset = row * views.length();
      views.make(image, seed, batch.epoch(), id, 0, batch.view1Memory(), offset);
      views.make(image, seed, batch.epoch(), id, 1, batch.view2Memory(), offset);
    }

    @Override
    public void close() {
      images.close();
    }
  }
}
