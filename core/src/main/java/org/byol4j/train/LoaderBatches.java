package org.byol4j.train;

import org.byol4j.data.Batch;
import org.byol4j.data.BatchLoader;
import org.byol4j.nn.View;

/** The micro-batches of a loader; each is given back when the next one is asked for. */
final class LoaderBatches implements ViewBatches {
  private final BatchLoader loader;
  private Batch current;

  /**
   * @param loader closed with this
   */
  LoaderBatches(BatchLoader loader) {
    this.loader = loader;
  }

  @Override
  public void next() {
    if (current != null) {
      loader.release(current);
    }
    current = loader.take();
  }

  @Override
  public View view1() {
    return View.of(current.view1());
  }

  @Override
  public View view2() {
    return View.of(current.view2());
  }

  @Override
  public long waitedNanos() {
    return loader.waitedNanos();
  }

  @Override
  public void close() {
    loader.close();
  }
}
