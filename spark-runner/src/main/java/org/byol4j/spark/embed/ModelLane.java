package org.byol4j.spark.embed;

import java.nio.FloatBuffer;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.byol4j.config.Configuration;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.image.Image;
import org.byol4j.nn.Architecture;
import org.byol4j.nn.FeaturePlan;
import org.byol4j.nn.NetworkState;
import org.byol4j.train.Devices;

/**
 * A backbone on a device of its own, driven by a thread of its own, since a device is confined to
 * one. Any thread may use it, one at a time. Owns the device.
 */
final class ModelLane implements AutoCloseable {
  /** Images of a run; that of the kNN evaluations, whose bits features have. */
  static final int BATCH = 64;

  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          work -> {
            Thread made = new Thread(work, "backbone");
            made.setDaemon(true);
            return made;
          });
  private final Configuration configuration;

  // of the thread
  private Device device;
  private FeaturePlan plan;

  /**
   * Opens a device and plans the network on it.
   *
   * @param values the parameters, then the running statistics
   */
  ModelLane(Configuration configuration, float[] values) {
    this.configuration = configuration;
    try {
      onThread(() -> open(values));
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private void open(float[] values) {
    Architecture architecture = new Architecture(configuration.network());
    int weights = architecture.backboneParameters();
    int size = configuration.knn().imageSize();
    device = Devices.open(configuration.compute());
    // freed with the device
    NetworkState state = architecture.newBackboneState(device);
    device.write(FloatBuffer.wrap(values, 0, weights), state.weights());
    System.arraycopy(values, weights, state.running(), 0, values.length - weights);
    plan =
        new FeaturePlan(device, architecture, state, new Shape(BATCH, size, size, Image.CHANNELS));
  }

  /**
   * Makes the features {@code [64, features]} of {@code images [64, size, size, 3]}; waits for
   * them.
   *
   * @throws CancellationException if the calling thread is interrupted, which it stays; both
   *     buffers may be used for a while yet
   */
  void run(FloatBuffer images, FloatBuffer features) {
    onThread(() -> plan.run(images, features));
  }

  private void onThread(Runnable work) {
    Future<?> done = thread.submit(work);
    try {
      done.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while features were made");
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) e.getCause();
    }
  }

  /** Frees the device when the thread is done with what it is at; does not wait for that. */
  @Override
  public void close() {
    if (!thread.isShutdown()) {
      Future<?> ignored = thread.submit(this::free);
      thread.shutdown();
    }
  }

  private void free() {
    if (device != null) {
      device.close();
    }
  }
}
