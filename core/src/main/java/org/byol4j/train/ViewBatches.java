package org.byol4j.train;

import org.byol4j.augment.AugmentSettings;
import org.byol4j.augment.AugmentSettings.Place;
import org.byol4j.data.BatchLoader;
import org.byol4j.data.DataSettings;
import org.byol4j.data.ImageStore;
import org.byol4j.data.ShardPlan;
import org.byol4j.device.Device;

/**
 * One replica's micro-batches of stored images in the order of its steps, made ahead; their views
 * come from the CPU or from the device ({@code augment.on}).
 */
public interface ViewBatches extends MicroBatches, AutoCloseable {

  /**
   * How long {@link #next} has waited for data, on their way to the device included, since the
   * start, in nanoseconds.
   */
  long waitedNanos();

  @Override
  void close();

  /**
   * Whether the device makes the views.
   *
   * @throws IllegalArgumentException if it is to and cannot
   */
  static boolean areOnDevice(AugmentSettings augment, Device device) {
    if (augment.on() == Place.DEVICE && !device.makesViews()) {
      throw new IllegalArgumentException(
          "augment.on=device, but device=%s makes no views: expected auto or cpu"
              .formatted(device.name()));
    }
    return augment.on() != Place.CPU && device.makesViews();
  }

  /**
   * Starts to make micro-batches; arguments are those of {@link BatchLoader}.
   *
   * @param device trains on them; stays the caller's
   * @throws IllegalArgumentException as {@link #areOnDevice}, and if there are more replicas than
   *     shards
   */
  static ViewBatches open(
      ImageStore store,
      DataSettings settings,
      AugmentSettings augment,
      ShardPlan plan,
      int rank,
      int size,
      long startStep,
      long endStep,
      Device device) {
    if (areOnDevice(augment, device)) {
      return new DeviceBatches(
          store, settings, augment, plan, rank, size, startStep, endStep, device);
    }
    return new LoaderBatches(
        new BatchLoader(store, settings, augment, plan, rank, size, startStep, endStep));
  }
}
