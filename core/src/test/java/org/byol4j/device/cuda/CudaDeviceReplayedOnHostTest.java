package org.byol4j.device.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.byol4j.device.Device;
import org.byol4j.device.DeviceContractTest;
import org.junit.jupiter.api.BeforeAll;

/**
 * The contract, with whatever is started between two waits recorded, and started by that, on a GPU
 * that fuses what follows convolutions.
 */
class CudaDeviceReplayedOnHostTest extends DeviceContractTest {

  @BeforeAll
  static void requireCompiler() {
    assumeTrue(HostKernels.areAvailable(), "g++ on x86-64 compiles our kernels for the host");
  }

  @Override
  protected Device newDevice() {
    ReplayingGpu.Policy always = new ReplayingGpu.Policy(1, 0, 1000);
    return HostCuda.open(
        "fp32", new ReplayingGpu(new HostGpu(HostGpu.Order.FORWARDS).thatFuses(), always));
  }
}
