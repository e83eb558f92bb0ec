package org.byol4j.data;

import java.nio.ByteBuffer;
import java.util.function.IntFunction;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.augment.PackedViews;
import org.byol4j.augment.ViewParameters;
import org.byol4j.image.Image;

/**
 * Decodes one replica's batches ahead of its steps, and draws what is to be done with them, for a
 * device that makes the views: what {@link BatchLoader} does, less the work on pixels, with the
 * same draws.
 *
 * <p>Batches are taken and released by one thread; at most one is taken at a time, {@code
 * settings.prefetch()} more are made ahead. The loader owns its threads, and none of the memory
 * that it is given.
 */
public final class PixelLoader implements AutoCloseable {
  private final BatchRing<PixelBatch> ring;

  /**
   * A loader that starts at once; arguments are those of {@link BatchLoader}.
   *
   * @param memory gives direct memory of at least so many bytes, to any thread; it must stay until
   *     the loader is closed
   * @throws IllegalArgumentException if there are more replicas than shards
   */
  public PixelLoader(
      ImageStore store,
      DataSettings settings,
      AugmentSettings augment,
      ShardPlan plan,
      int rank,
      int size,
      long startStep,
      long endStep,
      IntFunction<ByteBuffer> memory) {
    this.ring =
        new BatchRing<>(
            settings,
            plan,
            rank,
            size,
            startStep,
            endStep,
            rows -> new PixelBatch(rows, new PackedViews(rows.count(), memory)),
            () -> new PixelFiller(store, augment, plan.seed()));
  }

  /** Waits for the next batch; see {@link BatchLoader#take}. */
  public PixelBatch take() {
    return ring.take();
  }

  /** Whether {@link #take} would return at once, with a batch. */
  public boolean isReady() {
    return ring.isReady();
  }

  /** Gives back a batch that was taken; its memory is then filled anew. */
  public void release(PixelBatch batch) {
    batch.views().clear();
    ring.release(batch.place());
  }

  /** How long {@link #take} has waited for data since the start, in nanoseconds. */
  public long waitedNanos() {
    return ring.waitedNanos();
  }

  /** Ends the threads, each after the image that it is at; see {@link BatchLoader#close}. */
  @Override
  public void close() {
    ring.close();
  }

  private static final class PixelFiller implements BatchRing.Filler<PixelBatch> {
    private final StoredImages images;
    private final AugmentSettings augment;
    private final long seed;

    PixelFiller(ImageStore store, AugmentSettings augment, long seed) {
      this.images = new StoredImages(store);
      this.augment = augment;
      this.seed = seed;
    }

    @Override
    public void fill(PixelBatch batch, int row) {
      int id = batch.id(row);
      Image image = images.decode(id);
      batch
          .views()
          .put(row, image, draw(image, batch.epoch(), id, 0), draw(image, batch.epoch(), id, 1));
    }

    private ViewParameters draw(Image image, int epoch, int id, int view) {
      return ViewParameters.draw(augment, image.height(), image.width(), seed, epoch, id, view);
    }

    @Override
    public void close() {
      images.close();
    }
  }
}
