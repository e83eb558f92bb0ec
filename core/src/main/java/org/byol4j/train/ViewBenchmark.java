package org.byol4j.train;

import java.nio.FloatBuffer;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.data.DataException;
import org.byol4j.data.DataSettings;
import org.byol4j.data.ImageStore;
import org.byol4j.data.LoaderBenchmark;
import org.byol4j.data.PixelBatch;
import org.byol4j.data.PixelLoader;
import org.byol4j.data.ShardPlan;
import org.byol4j.device.Device;
import org.byol4j.device.Shape;
import org.byol4j.device.Tensor;
import org.byol4j.device.ViewKernels;

/**
 * Measures how fast views are made on a device when it does nothing else; {@link LoaderBenchmark}
 * is the same for views on the CPU.
 */
public final class ViewBenchmark {
  private static final double WARM_UP = 0.25;

  private ViewBenchmark() {}

  /**
   * What was measured.
   *
   * @param images how many images were decoded, brought to the device, and became two views each
   * @param seconds in which time
   * @param deviceImagesPerSecond how many a second the device makes two views of where the pixels
   *     of the next ones are decoded already
   * @param bytesPerImage how many bytes of pixels of an image go up
   */
  public record Result(
      long images, double seconds, double deviceImagesPerSecond, double bytesPerImage) {

    /** Source images per second, both views made of each. */
    public double imagesPerSecond() {
      return images / seconds;
    }
  }

  /**
   * Makes views for {@code seconds}, after a quarter of that untimed; then, for as long again, with
   * nothing to decode.
   *
   * @param settings how many workers, and how far ahead
   * @param augment its views are to be made on the device
   * @param batch how many images at a time, if there are so many
   * @throws DataException if an image cannot be decoded
   */
  public static Result run(
      ImageStore store,
      DataSettings settings,
      AugmentSettings augment,
      Device device,
      int batch,
      long seed,
      double seconds) {
    int rows = Math.min(store.size(), batch);
    ShardPlan plan = new ShardPlan(store.size(), 1, rows, 1, seed);
    long images;
    double elapsed;
    try (DeviceBatches batches =
        new DeviceBatches(store, settings, augment, plan, 0, 1, 0, Long.MAX_VALUE, device)) {
      run(batches::next, batches.views(), device, WARM_UP * seconds);
      long start = System.nanoTime();
      images = rows * run(batches::next, batches.views(), device, seconds);
      elapsed = (System.nanoTime() - start) * 1e-9;
    }
    try (ViewKernels kernels = device.viewKernels(augment, rows);
        PixelLoader loader =
            new PixelLoader(store, settings, augment, plan, 0, 1, 0, 1, kernels::hostMemory)) {
      PixelBatch pixels = loader.take();
      kernels.upload(pixels.views());
      Runnable again =
          () -> {
            kernels.make();
            kernels.awaitUpload();
            kernels.upload(pixels.views());
          };
      run(again, kernels.view(0), device, WARM_UP * seconds);
      long start = System.nanoTime();
      long alone = rows * run(again, kernels.view(0), device, seconds);
      double aloneSeconds = (System.nanoTime() - start) * 1e-9;
      double bytes = (double) pixels.views().bytes() / rows;
      return new Result(images, elapsed, alone / aloneSeconds, bytes);
    }
  }

  /** Works until the time is over and the device has made the last views; says how often. */
  private static long run(Runnable batch, Tensor views, Device device, double seconds) {
    FloatBuffer first = FloatBuffer.allocate(1);
    Tensor value = views.view(0, Shape.vector(1));
    long start = System.nanoTime();
    long times = 0;
    while ((System.nanoTime() - start) * 1e-9 < seconds) {
      batch.run();
      times++;
    }
    device.read(value, first);
    return times;
  }
}
