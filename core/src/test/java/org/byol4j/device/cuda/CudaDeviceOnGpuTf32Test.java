package org.byol4j.device.cuda;

import org.byol4j.device.ComputeSettings;
import org.byol4j.device.Device;
import org.byol4j.device.DeviceContractTest;
import org.junit.jupiter.api.Tag;

/** The contract on a GPU whose products round their factors to 10 bits behind the point. */
@Tag("gpu")
class CudaDeviceOnGpuTf32Test extends DeviceContractTest {
  private static final double ROUNDED = 2e-3;

  @Override
  protected Device newDevice() {
    return CudaDevice.open(
        new ComputeSettings("cuda", "tf32", 1, ComputeSettings.Convolution.AUTO), "");
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
