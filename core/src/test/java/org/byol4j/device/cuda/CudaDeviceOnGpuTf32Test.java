package org.byol4j.device.cuda;

import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.DeviceContractTest;
import org.junit.jupiter.api.Tag;

/** The contract on a GPU whose products take their factors with 10 bits behind the point. */
@Tag("gpu")
class CudaDeviceOnGpuTf32Test extends DeviceContractTest {

  /**
   * Hopper's tensor cores (wgmma) may cut a factor off behind 10 bits instead of rounding it: an
   * error of up to 2^-10 each, 2e-3 for two, all towards zero, and twice that for what follows on.
   */
  private static final double ROUNDED = 4e-3;

  @Override
  protected Device newDevice() {
    return CudaDevice.open(
        new ComputeSettings(
            "cuda", "tf32", 1, ComputeSettings.Convolution.AUTO, ComputeSettings.Graphs.AUTO),
        "");
  }

  @Override
  protected double tolerance() {
    return ROUNDED;
  }

  @Override
  protected double wideConvolutionTolerance() {
    return ROUNDED;
  }
}
