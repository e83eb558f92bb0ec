package org.byol4j.device.cuda;

import com.sun.jna.Pointer;

/**
 * Copies between a {@link HostGpu} and the host that are done as early as they may be, or as late:
 * either shows a wait that is missing. Where one to the host is to arrive there is rubbish till
 * then.
 */
final class HostExchange implements Gpu.Exchange {
  private final HostGpu gpu;
  private final boolean toGpu;
  private final boolean early;

  // guarded by the GPU
  private Runnable finish = () -> {};
  private boolean isDone = true;

  /**
   * @param toGpu whether what is started later comes after a copy; otherwise whoever awaits it does
   * @param early whether a copy is done when it is begun, rather than when it must be
   */
  HostExchange(HostGpu gpu, boolean toGpu, boolean early) {
    this.gpu = gpu;
    this.toGpu = toGpu;
    this.early = early;
  }

  @Override
  public void begin(long from, long to, long bytes) {
    synchronized (gpu) {
      gpu.countExchange(bytes);
      isDone = false;
      Runnable copy =
          () -> {
            HostGpu.move(from, to, bytes);
            isDone = true;
          };
      if (toGpu) {
        gpu.doNext(copy);
        finish = gpu::settle;
      } else {
        gpu.settle();
        new Pointer(to).setMemory(0, bytes, HostGpu.RUBBISH);
        finish = copy;
      }
      if (early) {
        finish.run();
      }
    }
  }

  @Override
  public void await() {
    synchronized (gpu) {
      if (!isDone) {
        gpu.countStall();
        finish.run();
      }
    }
  }
}
