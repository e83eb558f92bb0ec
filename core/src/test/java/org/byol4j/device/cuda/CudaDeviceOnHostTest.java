package org.byol4j.device.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.DeviceContractTest;
import org.junit.jupiter.api.BeforeAll;

/**
 * The contract by the sources of our kernels, their grids and arguments, run on the host; cuDNN's
 * part is computed from its definition.
 */
class CudaDeviceOnHostTest extends DeviceContractTest {

  @BeforeAll
  static void requireCompiler() {
    assumeTrue(HostKernels.areAvailable(), "g++ on x86-64 compiles our kernels for the host");
  }

  @Override
  protected Device newDevice() {
    return new CudaDevice(
        new ComputeSettings(
            "cuda", "fp32", 1, ComputeSettings.Convolution.AUTO, ComputeSettings.Graphs.AUTO),
        new HostGpu(HostGpu.Order.BACKWARDS));
  }
}
