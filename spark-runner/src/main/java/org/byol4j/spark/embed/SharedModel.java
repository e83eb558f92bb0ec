package org.byol4j.spark.embed;

import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CancellationException;
import org.byol4j.config.Configuration;

/**
 * A backbone that the tasks of a JVM use at the same time. It has as many lanes as tasks have
 * wanted at once, and at most as many as find cores: {@code compute.threads} each. Owns them.
 */
final class SharedModel implements AutoCloseable {
  private final Configuration configuration;
  private final float[] values;
  private final int mostLanes;

  // guarded by this
  private final Deque<ModelLane> free = new ArrayDeque<>();
  private int lanes;
  private boolean closed;

  /**
   * A model without lanes yet.
   *
   * @param values the parameters, then the running statistics; stay as they are
   * @param cores how many processors there are
   */
  SharedModel(Configuration configuration, float[] values, int cores) {
    this.configuration = configuration;
    this.values = values;
    // other devices take the machine, or an accelerator, for themselves
    this.mostLanes =
        configuration.compute().device().equals("onednn")
            ? Math.max(1, cores / configuration.compute().threads())
            : 1;
  }

  /**
   * Makes the features {@code [64, features]} of {@code images [64, size, size, 3]}; waits for a
   * lane, and for them.
   *
   * @throws CancellationException if the calling thread is interrupted, which it stays; both
   *     buffers may be used for a while yet
   */
  void run(FloatBuffer images, FloatBuffer features) {
    ModelLane lane = take();
    try {
      lane.run(images, features);
    } finally {
      giveBack(lane);
    }
  }

  private ModelLane take() {
    synchronized (this) {
      while (!closed && free.isEmpty() && lanes == mostLanes) {
        try {
          wait();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new CancellationException("interrupted while waiting for a device");
        }
      }
      if (closed) {
        throw new IllegalStateException("the model was closed");
      }
      if (!free.isEmpty()) {
        return free.pop();
      }
      lanes++;
    }
    try {
      return new ModelLane(configuration, values);
    } catch (RuntimeException | Error e) {
      oneLess();
      throw e;
    }
  }

  private synchronized void oneLess() {
    lanes--;
    notifyAll();
  }

  private synchronized void giveBack(ModelLane lane) {
    if (closed) {
      lane.close();
      return;
    }
    free.push(lane);
    notifyAll();
  }

  /** How many devices are open. */
  synchronized int lanes() {
    return lanes;
  }

  /** Closes the lanes, those in use when they are given back. */
  @Override
  public synchronized void close() {
    closed = true;
    lanes = 0;
    free.forEach(ModelLane::close);
    free.clear();
    notifyAll();
  }
}
