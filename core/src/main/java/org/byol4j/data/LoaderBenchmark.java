package org.byol4j.data;

import org.byol4j.augment.AugmentSettings;

/** Measures how fast a {@link BatchLoader} makes batches when nothing but it works. */
public final class LoaderBenchmark {
  private static final int ROWS_PER_WORKER = 8;
  private static final double WARM_UP = 0.25;

  /**
   * What was measured.
   *
   * @param images how many images were decoded and became two views each
   * @param seconds in which time
   */
  public record Result(long images, double seconds) {

    /** Source images per second, both views made of each. */
    public double imagesPerSecond() {
      return images / seconds;
    }
  }

  private LoaderBenchmark() {}

  /**
   * Runs a loader for {@code seconds}, after a quarter of that untimed, and throws its batches
   * away.
   *
   * @param settings how many workers, and how far ahead
   * @throws DataException as {@link BatchLoader#take}
   */
  public static Result run(
      ImageStore store, DataSettings settings, AugmentSettings augment, long seed, double seconds) {
    int rows = Math.min(store.size(), ROWS_PER_WORKER * settings.workers());
    ShardPlan plan = new ShardPlan(store.size(), 1, rows, 1, seed);
    try (BatchLoader loader =
        new BatchLoader(store, settings, augment, plan, 0, 1, 0, Long.MAX_VALUE)) {
      consume(loader, WARM_UP * seconds);
      return consume(loader, seconds);
    }
  }

  /** Times from one batch being done to another being done. */
  private static Result consume(BatchLoader loader, double seconds) {
    loader.release(loader.take());
    long start = System.nanoTime();
    long images = 0;
    double elapsed = 0;
    while (elapsed < seconds) {
      Batch batch = loader.take();
      images += batch.rows();
      loader.release(batch);
      elapsed = (System.nanoTime() - start) * 1e-9;
    }
    return new Result(images, elapsed);
  }
}
