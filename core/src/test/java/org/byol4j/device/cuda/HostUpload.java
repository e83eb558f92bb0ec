package org.byol4j.device.cuda;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Copies to a {@link HostGpu} that are done as early as they may be, or as late: either shows a
 * wait that is missing.
 */
final class HostUpload implements Gpu.Upload {
  private final HostGpu gpu;
  private final boolean early;

  // guarded by the GPU, which other threads may make compute
  private final Queue<Runnable> copies = new ArrayDeque<>();
  private long asked;
  private long done;
  private int stillUsed;

  /**
   * @param early whether a copy is done as soon as nothing forbids it, rather than when it must be
   */
  HostUpload(HostGpu gpu, boolean early) {
    this.gpu = gpu;
    this.early = early;
  }

  @Override
  public void copy(long from, long to, long bytes) {
    synchronized (gpu) {
      asked++;
      copies.add(() -> HostGpu.move(from, to, bytes));
      doEarly();
    }
  }

  @Override
  public void use() {
    synchronized (gpu) {
      long newest = asked;
      gpu.start(() -> doUntil(newest));
    }
  }

  @Override
  public void used() {
    synchronized (gpu) {
      stillUsed++;
      gpu.start(
          () -> {
            stillUsed--;
            doEarly();
          });
    }
  }

  @Override
  public void await() {
    synchronized (gpu) {
      if (stillUsed > 0 && done < asked) {
        gpu.await();
      }
      doUntil(asked);
    }
  }

  private void doEarly() {
    if (early && stillUsed == 0) {
      doUntil(asked);
    }
  }

  private void doUntil(long newest) {
    while (done < newest) {
      copies.remove().run();
      done++;
    }
  }
}
