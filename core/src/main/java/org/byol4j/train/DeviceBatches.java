package org.byol4j.train;

import java.util.Optional;
import org.byol4j.augment.AugmentSettings;
import org.byol4j.data.DataSettings;
import org.byol4j.data.ImageStore;
import org.byol4j.data.PixelBatch;
import org.byol4j.data.PixelLoader;
import org.byol4j.data.ShardPlan;
import org.byol4j.device.Device;
import org.byol4j.device.Tensor;
import org.byol4j.device.ViewKernels;
import org.byol4j.nn.View;

/**
 * Micro-batches whose views the device makes. The pixels of the next one are sent ahead, where they
 * are decoded already, and travel while the device computes with this one.
 */
final class DeviceBatches implements ViewBatches {
  private final ViewKernels kernels;
  private final PixelLoader loader;
  private final View view1;
  private final View view2;
  private Optional<PixelBatch> travelling = Optional.empty();
  private long uploadNanos;

  /** Arguments are those of {@link ViewBatches#open}. */
  DeviceBatches(
      ImageStore store,
      DataSettings settings,
      AugmentSettings augment,
      ShardPlan plan,
      int rank,
      int size,
      long startStep,
      long endStep,
      Device device) {
    kernels = device.viewKernels(augment, plan.rows(rank, size));
    view1 = View.of(kernels.view(0));
    view2 = View.of(kernels.view(1));
    loader =
        new PixelLoader(
            store, settings, augment, plan, rank, size, startStep, endStep, kernels::hostMemory);
  }

  @Override
  public void next() {
    if (travelling.isEmpty()) {
      send();
    }
    kernels.make();
    long start = System.nanoTime();
    kernels.awaitUpload();
    uploadNanos += System.nanoTime() - start;
    travelling.ifPresent(loader::release);
    travelling = Optional.empty();
    if (loader.isReady()) {
      send();
    }
  }

  private void send() {
    PixelBatch batch = loader.take();
    travelling = Optional.of(batch);
    kernels.upload(batch.views());
  }

  /** The first views as the device has them. */
  Tensor views() {
    return kernels.view(0);
  }

  @Override
  public View view1() {
    return view1;
  }

  @Override
  public View view2() {
    return view2;
  }

  @Override
  public long waitedNanos() {
    return loader.waitedNanos() + uploadNanos;
  }

  @Override
  public void close() {
    loader.close();
    kernels.close();
  }
}
