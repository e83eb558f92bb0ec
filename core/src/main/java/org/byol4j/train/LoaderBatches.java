package org.byol4j.train;

import java.nio.FloatBuffer;
import org.byol4j.data.Batch;
import org.byol4j.data.BatchLoader;

/** The micro-batches of a loader; each is given back when the next one is asked for. */
final class LoaderBatches implements MicroBatches {
  private final BatchLoader loader;
  private Batch current;

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
  public FloatBuffer view1() {
    return current.view1();
  }

  @Override
  public FloatBuffer view2() {
    return current.view2();
  }
}
