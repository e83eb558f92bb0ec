package org.byol4j.device.cuda;

/**
 * The contract, with whatever is started between two waits captured, and started as a graph; few
 * graphs are kept.
 */
class CudaDeviceRecordedDriverTest extends DriverContract {
  private static final ReplayingGpu.Policy ALWAYS = new ReplayingGpu.Policy(1, 0, 3);

  @Override
  HostDriver.Order order() {
    return HostDriver.Order.SHUFFLED;
  }

  @Override
  Gpu gpu(NvidiaGpu nvidia) {
    return new ReplayingGpu(nvidia, ALWAYS);
  }
}
