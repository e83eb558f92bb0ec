package org.byol4j.data;

import java.util.stream.IntStream;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.augment.CentreCrop;
import org.byol4j.image.Image;

/**
 * Goes through images of a store once, in a given order, as batches of centre crops with labels,
 * made ahead by worker threads; the same bits for any number of them.
 *
 * <p>Batches are taken and released by one thread, one at a time. This owns its threads and the
 * memory of all batches.
 */
public final class EvaluationImages implements AutoCloseable {
  private final EvaluationBatch[] batches;
  private final FloatMemory memory = new FloatMemory();
  private final WorkRing ring;
  private final int batchCount;
  private int takenBatches;

  /**
   * Images that are made from now on.
   *
   * @param ids which images, in order
   * @param batchSize the number of rows of each batch; in the last one not all need be images
   * @throws IllegalArgumentException if a batch has more rows than a buffer can hold
   */
  public EvaluationImages(
      ImageStore store, DataSettings settings, AugmentSettings augment, int[] ids, int batchSize) {
    int slots = settings.prefetch() + 1;
    this.batches = new EvaluationBatch[slots];
    this.batchCount = (ids.length + batchSize - 1) / batchSize;
    int rowLength = augment.size() * augment.size() * Image.CHANNELS;
    for (int slot = 0; slot < slots; slot++) {
      batches[slot] = new EvaluationBatch(slot, batchSize, memory.allocate(batchSize, rowLength));
    }
    this.ring =
        new WorkRing(
            "evaluation-images",
            settings.workers(),
            slots,
            batchCount,
            new WorkRing.Work() {
              @Override
              public int begin(int slot, long sequence) {
                batches[slot].begin(store, ids, (int) sequence * batchSize);
                return batches[slot].count();
              }

              @Override
              public WorkRing.Worker newWorker() {
                return new CropWorker(store, augment);
              }
            });
  }

  /** The ids of a whole store. */
  public static int[] all(ImageStore store) {
    return evenlySpaced(store, store.size());
  }

  /**
   * At most {@code limit} ids of a whole store, ascending and evenly spaced, so that classes keep
   * about their shares: ids are in the order of paths, and so of classes.
   */
  public static int[] evenlySpaced(ImageStore store, int limit) {
    int count = Math.min(limit, store.size());
    return IntStream.range(0, count).map(i -> (int) ((long) i * store.size() / count)).toArray();
  }

  /** Whether {@link #take} has another batch to give. */
  public boolean hasNext() {
    return takenBatches < batchCount;
  }

  /**
   * Waits for the next batch and hands it over.
   *
   * @throws DataException if an image of it cannot be decoded, naming it
   * @throws IllegalStateException if there is none, this is closed, or the thread is interrupted,
   *     which it stays
   */
  public EvaluationBatch take() {
    EvaluationBatch batch = batches[ring.take()];
    takenBatches++;
    return batch;
  }

  /** Gives back a batch that was taken. */
  public void release(EvaluationBatch batch) {
    ring.release(batch.slot());
  }

  /** Ends the threads, each after the image that it is at, and frees the memory of all batches. */
  @Override
  public synchronized void close() {
    ring.close();
    memory.close();
  }

  /** One thread's working memory. */
  private final class CropWorker implements WorkRing.Worker {
    private final StoredImages images;
    private final CentreCrop crop;

    CropWorker(ImageStore store, AugmentSettings augment) {
      this.images = new StoredImages(store);
      this.crop = new CentreCrop(augment);
    }

    @Override
    public void fill(int slot, int row) {
      EvaluationBatch batch = batches[slot];
      crop.make(images.decode(batch.id(row)), batch.memory(), row * crop.length());
    }

    @Override
    public void close() {
      images.close();
    }
  }
}
